// Tries the newest caller token at each readiness probe. So a metric tells that the mesh refuses it while the one before still
// serves, and a Pod without another token is not ready.
import { CALLER_TOKEN_HEADER } from '../runtime/contract.ts'
import { AppError } from '../runtime/errors.ts'
import type { CallerToken } from './caller-token.ts'
import { createSend } from './http-client.ts'
import { readTarget } from './signer-url.ts'

export type TokenProbeOptions = {
  url: URL
  timeoutMs: number
  callerToken: CallerToken
  /** Receives true if the mesh refuses the newest token. */
  onTry: (isRefused: boolean) => void
}

/**
 * Makes the probe. It rejects with AppError caller_token_unavailable if there is no token, and signer_unavailable if the mesh
 * refuses every one. It resolves if the signer is not ready, because kubelet's own probe of the signer tells that.
 */
export function createTokenProbe(options: TokenProbeOptions): () => Promise<void> {
  const { url, timeoutMs, callerToken, onTry } = options
  const send = createSend(readTarget(url).connect)
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
