// Holds the key ring, and follows the mounted folder: a new state of it is loaded as soon as it is there. A state that
// can't be used never replaces one that can, and no key at all is a state too, not a reason to die.
import { watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../runtime/errors.ts'
import type { Log } from '../../runtime/log.ts'
import type { SignerMetrics } from '../metrics.ts'
import { describeGeneration, loadKeyFiles } from './key-files.ts'
import { isSameRing, type KeyRing, KeyRingError } from './key-ring.ts'

/** kubelet's swap is seen by watching; this is for what a watch can miss. */
const POLL_MS = 1_000

/** Returns the ring; throws AppError key_unavailable, with the reason, while there is none. */
export type GetKeyRing = () => KeyRing

export type HolderOptions = {
  log: Log
  metrics: Pick<SignerMetrics, 'countKeyLoad' | 'setKeys' | 'setKeysConfirmed'>
  /** The one file in the folder that holds all keys, if it is not a key a file. */
  bundle?: string | undefined
  pollMs?: number
}

/** Loads once before it returns, then whenever `folder` is another than before. Each new reason is logged once. */
export async function holdKeyRing(
  folder: string,
  { log, metrics, bundle, pollMs = POLL_MS }: HolderOptions,
): Promise<GetKeyRing> {
  let ring: KeyRing | undefined
  let generation = ''
  let reason = ''
  let checking = false
  let changedMeanwhile = false

  async function load(): Promise<void> {
    const found = await describeGeneration(folder, bundle)
    if (found === generation) return
    const loaded = await loadKeyFiles(folder, bundle)
    generation = found
    // Who writes the file does so again and again, to say that these still are the keys.
    if (bundle !== undefined) metrics.setKeysConfirmed((await stat(join(folder, bundle))).mtimeMs)
    if (reason === '' && ring !== undefined && isSameRing(ring, loaded.ring)) return
    ring = loaded.ring
    reason = ''
    metrics.countKeyLoad('loaded')
    metrics.setKeys(ring, loaded.shortKeys)
    for (const id of loaded.shortKeys) log('warn', 'key_short', { keyId: id })
    log('info', 'keys_loaded', { primary: ring.primary.id, count: ring.keys.size })
  }

  async function tryToLoad(): Promise<void> {
    try {
      await load()
    } catch (error) {
      if (!(error instanceof KeyRingError)) throw error
      metrics.countKeyLoad('refused')
      if (error.message !== reason) {
        log('error', 'keys_refused', { reason: error.message, keptOld: ring !== undefined })
      }
      reason = error.message
    }
  }

  async function check(): Promise<void> {
    changedMeanwhile = true
    if (checking) return
    checking = true
    while (changedMeanwhile) {
      changedMeanwhile = false
      await tryToLoad()
    }
    checking = false
  }

  await check()
  followFolder(folder, () => void check(), pollMs)
  return () => {
    if (ring !== undefined) return ring
    throw new AppError('key_unavailable', reason)
  }
}

function followFolder(folder: string, check: () => void, pollMs: number): void {
  setInterval(check, pollMs).unref()
  try {
    // What can't be watched any more, because it is gone say, is still polled.
    watch(folder, { persistent: false }, check).on('error', () => {})
  } catch {
    // Nor what never could be.
  }
}
