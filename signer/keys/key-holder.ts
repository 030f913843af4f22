// Holds the key ring and reloads it when the mounted folder changes. Invalid keys never replace valid ones. The signer
// also runs without any key, and is then not ready.
import { watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../runtime/errors.ts'
import type { Log } from '../../runtime/log.ts'
import type { SignerMetrics } from '../metrics.ts'
import { describeGeneration, loadKeyFiles } from './key-files.ts'
import { createKeyHistory } from './key-history.ts'
import { describeRing, isSameRing, type KeyRing, KeyRingError } from './key-ring.ts'

/** A watch sees kubelet's swap at once. Polling finds what the watch misses. */
const POLL_MS = 1_000

/** Returns the ring. Throws AppError key_unavailable, with the reason, while there is none. */
export type GetKeyRing = () => KeyRing

export type HolderOptions = {
  log: Log
  metrics: Omit<SignerMetrics, 'countSignatures'>
  /** The file in the folder that holds all keys. Without it, each file is a key. */
  bundle?: string | undefined
  pollMs?: number
}

/** Loads the keys once, then again whenever `folder` changes. Logs each new reason for a refusal once. */
export async function holdKeyRing(
  folder: string,
  { log, metrics, bundle, pollMs = POLL_MS }: HolderOptions,
): Promise<GetKeyRing> {
  const findReturned = createKeyHistory()
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
    metrics.setKeysLoaded(Date.now())
    // The agent rewrites the file regularly to confirm the keys.
    if (bundle !== undefined) metrics.setKeysConfirmed((await stat(join(folder, bundle))).mtimeMs)
    if (reason === '' && ring !== undefined && isSameRing(ring, loaded.ring)) return
    ring = loaded.ring
    reason = ''
    metrics.countKeyLoad('loaded')
    const returned = findReturned(ring)
    metrics.setKeys(ring, loaded.shortKeys, returned)
    for (const id of loaded.shortKeys) log('warn', 'key_short', { key_id: id })
    for (const id of returned) log('error', 'retired_key_returned', { key_id: id })
    log('info', 'keys_loaded', describeRing(ring))
  }

  async function tryToLoad(): Promise<void> {
    try {
      await load()
    } catch (error) {
      if (!(error instanceof KeyRingError)) throw error
      metrics.countKeyLoad('refused')
      if (error.message !== reason) {
        log('error', 'keys_refused', { reason: error.message, kept_old: ring !== undefined })
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
    // If the watch ends, for example because the folder is gone, polling continues.
    watch(folder, { persistent: false }, check).on('error', () => {})
  } catch {
    // Polling also works where a watch cannot start.
  }
}
