// Which requests reached the signer. The proxy in front of its socket, the one way to it, writes a line for each. Read
// there because whoever is refused at the signer's door must not be able to make it say so itself.
import { setTimeout as sleep } from 'node:timers/promises'
import { kubectl } from '../../../deploy/kubectl.ts'
import { LOG_MS, POLL_MS } from './timeouts.ts'
import type { Victim } from './victim.ts'

export type SignerRequest = { method: string; path: string; status: number; userAgent: string }

/** By kubelet's probe and by the tests themselves. */
const observations = ['GET /readyz', 'GET /metrics']
const SIGNER_CLUSTER = 'inbound|8081||'

/**
 * Lists the requests that went through to the signer before and with the one whose user agent is `last`; what
 * only observes is left out. Throws if that one does not show up.
 */
export async function listSignerRequests(victim: Victim, last: string): Promise<SignerRequest[]> {
  const deadline = Date.now() + LOG_MS
  for (;;) {
    const requests = await readRequests(victim)
    const end = requests.findIndex(({ userAgent }) => userAgent === last)
    if (end >= 0) return requests.slice(0, end + 1)
    if (Date.now() > deadline) {
      throw new Error(`the proxy's access log has no request of ${last}: is it on, and in JSON?`)
    }
    await sleep(POLL_MS)
  }
}

async function readRequests({ frontend }: Victim): Promise<SignerRequest[]> {
  const target = ['-n', frontend.namespace, frontend.pod, '-c', 'istio-proxy']
  const log = await kubectl(['logs', ...target])
  return (
    log
      .split('\n')
      .filter((line) => line.includes(SIGNER_CLUSTER))
      .map((line) => JSON.parse(line))
      // A request that is refused has a cluster, the one that its route names, but never got a host.
      .filter((entry) => entry.upstream_cluster === SIGNER_CLUSTER && entry.upstream_host !== null)
      .filter(({ method, path }) => !observations.includes(`${method} ${path}`))
      .map(({ method, path, response_code, user_agent }) => ({
        method,
        path,
        status: response_code,
        userAgent: user_agent,
      }))
  )
}
