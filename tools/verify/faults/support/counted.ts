// Reads how many signatures a Pod's signer has counted, at its socket. So the proxy may be down.
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { sumCounter } from '../../attack/counters.ts'
import { findInContainer } from './node.ts'
import type { Pod } from './pods.ts'

/** Returns the sum over all keys since the signer started. */
export async function countSignatures(pod: Pod): Promise<number> {
  const pid = await findInContainer(pod, 'signer', 'node')
  const socketPath = `/proc/${pid}/root/run/signer/signer.sock`
  const metrics = await new Promise<string>((resolve, reject) => {
    const outgoing = request({ socketPath, path: '/metrics' }, (incoming) => {
      text(incoming).then(resolve, reject)
    })
    outgoing.on('error', reject).end()
  })
  return sumCounter(metrics, 'signer_signatures_total') ?? 0
}
