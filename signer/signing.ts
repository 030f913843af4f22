// The one place where messages are signed. What no signature may skip is checked here: the freeze and the limits.
import type { RequireThawed } from './freeze.ts'
import { type Message, signMessage } from './hmac.ts'
import type { GetKeyRing } from './keys/key-holder.ts'
import { chooseKey } from './keys/key-ring.ts'
import type { Limit } from './limits.ts'

/** Signatures are in the order of the messages. Each has a fingerprint for the audit log. */
export type Signed = { keyId: string; signatures: string[]; fingerprints: string[] }

/**
 * Signs all messages by one key, or none. Throws AppError frozen, key_unavailable, invalid_request for an unknown key, or
 * rate_limited.
 */
export type SignMessages = (keyId: string | undefined, messages: readonly Message[]) => Signed

/** Makes the function. */
export function createSigning(
  getKeyRing: GetKeyRing,
  requireThawed: RequireThawed,
  spend: Limit['spend'],
): SignMessages {
  return (keyId, messages) => {
    requireThawed()
    const key = chooseKey(getKeyRing(), keyId)
    // Last, because what is refused spends nothing.
    spend(key.id, messages.length)
    const signed: Signed = { keyId: key.id, signatures: [], fingerprints: [] }
    for (const message of messages) {
      const { signature, fingerprint } = signMessage(key.material, message)
      signed.signatures.push(signature)
      signed.fingerprints.push(fingerprint)
    }
    return signed
  }
}
