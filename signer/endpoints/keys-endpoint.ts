// GET /keys: the ids of all keys, never their bytes.
import type { KeysResponse } from '../../runtime/contract.ts'
import type { AppContext } from '../../runtime/http/http-app.ts'
import { answer } from '../audited.ts'
import type { Admit } from '../caller-identity.ts'
import type { GetKeyRing } from '../keys/key-holder.ts'
import { listKeyStates } from '../keys/key-ring.ts'

/** Makes the handler. It answers KeysResponse. It throws AppError if `admit` refuses the caller or no key is loaded. */
export function createKeysHandler(getKeyRing: GetKeyRing, admit: Admit) {
  return function listKeys(c: AppContext): Response {
    admit(c)(new Uint8Array())
    const response: KeysResponse = { keys: listKeyStates(getKeyRing()) }
    return answer(c, response, { outcome: 'listed', count: 0 })
  }
}
