// Probes a signer that listens on a socket, where kubelet cannot reach it.
import { createSend } from '../client/http-client.ts'
import type { SignerTarget } from '../client/settings.ts'
import { AppError } from '../runtime/errors.ts'

const probe = { method: 'GET', path: '/readyz', headers: {}, body: Buffer.alloc(0) } as const

/** Rejects with SignerError, or with AppError signer_unavailable if the signer is not ready. */
export type ProbeSigner = () => Promise<void>

/** Makes the probe of the signer. `timeoutMs` covers a whole request. */
export function createSignerProbe({ connect }: SignerTarget, timeoutMs: number): ProbeSigner {
  const send = createSend(connect)
  return async () => {
    const { status } = await send(probe, AbortSignal.timeout(timeoutMs))
    if (status !== 200) {
      throw new AppError('signer_unavailable', `the signer is not ready (${status})`)
    }
  }
}
