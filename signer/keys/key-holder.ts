// Holds the key ring and reloads it when the mounted folder changes. Invalid keys never replace valid ones. The signer
// also runs without any key, and is then not ready.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../runtime/errors.ts'
import type { Log } from '../../runtime/log.ts'
import { followFolder } from '../follow-folder.ts'
import type { SignerMetrics } from '../metrics.ts'
import { describeGeneration, loadKeyFiles } from './key-files.ts'
import { createKeyHistory } from './key-history.ts'
import { describeRing, isSameRing, type KeyRing, KeyRingError } from './key-ring.ts'

const noAuditKey =
  'the keys have no entry audit-key: add one, so that the audit log can be verified'

/** Returns the ring. Throws AppError key_unavailable, with the reason, while there is none. */
export type GetKeyRing = () => KeyRing

export type HolderOptions = {
  log: Log
  metrics: Pick<SignerMetrics, 'countKeyLoad' | 'setKeys' | 'setKeysLoaded' | 'setKeysConfirmed'>
  /** The file in the folder that holds all keys. Without it, each file is a key. */
  bundle?: string | undefined
  /**
   * How often the keys are logged again. Where nothing can read the metrics, `make rotate-key` reads the log, which loses its old lines.
   */
  reportMs?: number | undefined
  pollMs?: number
}

/**
 * Loads the keys once, then again whenever `folder` changes. Logs each new reason for a refusal once. `findKeyRing` returns undefined
 * while there is no ring.
 */
export async function holdKeyRing(
  folder: string,
  { log, metrics, bundle, reportMs, pollMs }: HolderOptions,
): Promise<{ getKeyRing: GetKeyRing; findKeyRing: () => KeyRing | undefined }> {
  const findReturned = createKeyHistory()
  let ring: KeyRing | undefined
  let [generation, reason] = ['', '']

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
    if (ring.auditKey === undefined) log('warn', 'audit_unchained', { reason: noAuditKey })
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

  await followFolder(folder, tryToLoad, pollMs)
  const report = () => ring && log('info', 'keys_held', describeRing(ring))
  if (reportMs !== undefined) setInterval(report, reportMs).unref()
  const getKeyRing = () => {
    if (ring !== undefined) return ring
    throw new AppError('key_unavailable', reason)
  }
  return { getKeyRing, findKeyRing: () => ring }
}
