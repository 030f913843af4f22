// Tries the newest caller token at each readiness probe. So a metric tells that the mesh refuses it while the one before still
// serves, and a Pod without another token is not ready.
import type { CallerToken } from '../client/caller-token.ts'
import { createSend } from '../client/http-client.ts'
import type { SignerTarget } from '../client/settings.ts'
import { CALLER_TOKEN_HEADER } from '../client/signed-request.ts'
import { AppError } from '../runtime/errors.ts'

export type TokenProbeOptions = {
  target: SignerTarget
  timeoutMs: number
  callerToken: CallerToken
  /** Receives true if the mesh refuses the newest token. */
  onTry: (isRefused: boolean) => void
}

/**
 * Makes the probe. It rejects with SignerError caller_token_unavailable if there is no token, and with AppError
 * signer_unavailable if the mesh refuses every one. It resolves if the signer is not ready, because kubelet's own probe of the signer tells that.
 */
export function createTokenProbe(options: TokenProbeOptions): () => Promise<void> {
  const { target, timeoutMs, callerToken, onTry } = options
  const send = createSend(target.connect)
  return async () => {
    const token = callerToken.readNewest()
    const headers = { [CALLER_TOKEN_HEADER]: token }
    const request = { method: 'GET', path: '/readyz', headers, body: Buffer.alloc(0) } as const
    const answer = await send(request, AbortSignal.timeout(timeoutMs)).catch(() => undefined)
    // Any other answer may come from a proxy that has not checked the token.
    if (answer?.status !== 200 && answer?.status !== 401) return
    const isRefused = answer.status === 401
    onTry(isRefused)
    if (!isRefused) callerToken.accept(token)
    else if (!callerToken.refuse(token)) {
      throw new AppError('signer_unavailable', 'the proxy refuses the caller token (401)')
    }
  }
}
