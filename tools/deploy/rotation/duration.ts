// Durations as people write them.
import { UserError } from '../../cli/terminal.ts'

const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** "90s", "30m", "24h" or "7d" → milliseconds. Throws UserError, which names `name`, for anything else. */
export function parseDuration(name: string, text: string): number {
  // Six digits: a hundred thousand days are a date that can still be written.
  const [, digits, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const unitMs = unitsMs[unit]
  if (digits !== undefined && unitMs !== undefined) return Number(digits) * unitMs
  throw new UserError(
    `${name}="${text}" is no duration`,
    `write a whole number and s, m, h or d: ${name}=90s, 30m, 24h, 7d, or 0s`,
  )
}
