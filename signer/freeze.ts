// The freeze: while a marker is in its folder, the signer signs nothing. The marker is apart from the keys, so nothing that writes
// keys ends a freeze, and no proxy or policy takes part. What cannot be read counts as frozen.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../runtime/errors.ts'
import type { Log, LogFields } from '../runtime/log.ts'
import { followFolder } from './follow-folder.ts'

/** The entry of the ConfigMap that `make freeze` writes. Any other entry freezes, too. */
const MARKER = 'frozen'
/** Other content does not reach the log. */
const markPattern = /^[A-Za-z0-9:._-]{1,64}$/

/** Throws AppError frozen while nothing may be signed. */
export type RequireThawed = () => void

/**
 * Reads the marker once, then again whenever `folder` changes. Logs `frozen` for each new mark, and `thawed`. `make freeze` waits
 * for this line, so it comes after the change. Without a folder nothing freezes.
 */
export async function followFreeze(
  folder: string | undefined,
  log: Log,
  setFrozen: (frozen: boolean) => void,
  pollMs?: number,
): Promise<RequireThawed> {
  if (folder === undefined) return () => {}
  let isFrozen = true
  let known = ''

  const check = async () => {
    const reason = findReason(folder)
    isFrozen = reason !== undefined
    const found = JSON.stringify(reason ?? null)
    if (found === known) return
    known = found
    setFrozen(isFrozen)
    if (reason === undefined) log('info', 'thawed')
    else log('warn', 'frozen', reason)
  }

  await followFolder(folder, check, pollMs)
  return () => {
    if (isFrozen)
      throw new AppError('frozen', 'signing is stopped until an operator ends the freeze')
  }
}

/**
 * Returns what freezes, or undefined. kubelet's own entries begin with "..". It reads at once, because a caller that keeps the event
 * loop busy could delay each turn of it.
 */
function findReason(folder: string): LogFields | undefined {
  try {
    const names = readdirSync(folder).filter((name) => !name.startsWith('..'))
    if (names.length === 0) return undefined
    const text = names.includes(MARKER) ? readFileSync(join(folder, MARKER), 'utf8') : ''
    return { mark: markPattern.test(text.trim()) ? text.trim() : 'unknown' }
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    return { reason: `the freeze marker cannot be read (${code})` }
  }
}
