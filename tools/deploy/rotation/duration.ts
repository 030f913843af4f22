// Parses durations such as 90s, 30m, 24h and 7d.
import { UserError } from '../../cli/terminal.ts'

const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Returns milliseconds. Throws UserError, which names `name`, if `text` is not a duration. */
export function parseDuration(name: string, text: string): number {
  // Six digits at most, so that the end of the duration is a date that an annotation can hold.
  const [, digits, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const unitMs = unitsMs[unit]
  if (digits !== undefined && unitMs !== undefined) return Number(digits) * unitMs
  throw new UserError(
    `${name}="${text}" is not a duration`,
    `Give a whole number and s, m, h or d, for example ${name}=90s, 30m, 24h or 7d.`,
  )
}
