// Holds the key ring, and tries again each second as long as there is none. No key is a state, not a reason to die: the
// signer stays up and says at /readyz what is wrong.
import { AppError } from '../runtime/errors.ts'
import type { Log } from '../runtime/log.ts'
import { loadKeyFiles } from './key-files.ts'
import { type KeyRing, KeyRingError } from './key-ring.ts'

const RETRY_MS = 1_000

/** Returns the ring; throws AppError key_unavailable, with the reason, while there is none. */
export type GetKeyRing = () => KeyRing

/** Loads once before it returns, then, if that was refused, every `retryMs`. Each new reason is logged once. */
export async function holdKeyRing(
  folder: string,
  log: Log,
  retryMs: number = RETRY_MS,
): Promise<GetKeyRing> {
  let ring: KeyRing | undefined
  let reason = ''

  async function load(): Promise<void> {
    try {
      const loaded = await loadKeyFiles(folder)
      ring = loaded.ring
      for (const id of loaded.shortKeys) log('warn', 'key_short', { keyId: id })
      log('info', 'keys_loaded', { primary: ring.primary.id, count: ring.keys.size })
    } catch (error) {
      if (!(error instanceof KeyRingError)) throw error
      if (error.message !== reason) log('error', 'keys_refused', { reason: error.message })
      reason = error.message
      setTimeout(() => void load(), retryMs).unref()
    }
  }

  await load()
  return () => {
    if (ring !== undefined) return ring
    throw new AppError('key_unavailable', reason)
  }
}
