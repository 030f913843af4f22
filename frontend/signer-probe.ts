// Probes a signer that listens on a socket, where kubelet cannot reach it.
import { AppError } from '../runtime/errors.ts'
import { createSend } from './http-client.ts'
import { explainFailure } from './signer-client.ts'
import { readTarget } from './signer-url.ts'

const probe = { method: 'GET', path: '/readyz', headers: {}, body: Buffer.alloc(0) } as const

/** Rejects with AppError signer_unavailable or signer_timeout if the signer is not ready. */
export type ProbeSigner = () => Promise<void>

/** Makes the probe of the signer at `url`. `timeoutMs` covers a whole request. */
export function createSignerProbe(url: URL, timeoutMs: number): ProbeSigner {
  const send = createSend(readTarget(url).connect)
  return async () => {
    const signal = AbortSignal.timeout(timeoutMs)
    const { status } = await send(probe, signal).catch((error) => {
      throw explainFailure(error, signal)
    })
    if (status !== 200) {
      throw new AppError('signer_unavailable', `the signer is not ready (${status})`)
    }
  }
}
