// Attack 33: workload certificates that live for seconds instead of a day. They are renewed under load, and expire while
// istiod is stopped. Open connections stay open, so the experiments use new ones.
import { setTimeout as sleep } from 'node:timers/promises'
import { SIGNER_IN_POD } from '../../attack/target.ts'
import { waitFor } from '../../attack/wait.ts'
import { type Experiment, ForbiddenError } from '../experiment.ts'
import { startLoad } from '../load/start-load.ts'
import { shortenCertificates, withoutIstiod } from '../support/istio.ts'
import { findSandboxOf } from '../support/node.ts'
import type { Pod } from '../support/pods.ts'
import { RECOVERY_MS } from '../support/timeouts.ts'
import { locateCredentials } from '../support/volumes.ts'

const LIFETIME_SECONDS = 15
const onePod = { attack: '34', replicas: 1, sources: ['public', 'frontend'] } as const
const prepare = () => shortenCertificates(LIFETIME_SECONDS)

/** The agent requests a new certificate after half of its lifetime. */
export const certificateRotation: Experiment = {
  ...onePod,
  id: 'certificate-rotation',
  title: `workload certificates of ${LIFETIME_SECONDS} s`,
  bounds: { failed: 0 },
  atLeast: 20_000,
  prepare,
  run: async ({ pod, isEnough }) => {
    const start = Date.now()
    while (!isEnough() || Date.now() - start < 1_500 * LIFETIME_SECONDS) await sleep(1_000)
    requireAll('200', await sendOnNewConnections(pod))
    return `${Math.floor((Date.now() - start) / (500 * LIFETIME_SECONDS))} certificates`
  },
}

export const certificateExpired: Experiment = {
  ...onePod,
  id: 'certificate-expired',
  title: 'istiod stopped until certificates expire, nothing in plain text',
  // Readiness probes use new connections. So the Pod is not ready, and the gateway does not send requests to it.
  bounds: { recoveryMs: RECOVERY_MS, slowestFailureMs: 1_000 },
  prepare,
  run: async ({ pod, begin, recover }) => {
    requireAll('200', await sendOnNewConnections(pod))
    await withoutIstiod(async () => {
      await sleep((LIFETIME_SECONDS + 3) * 1_000)
      requireAll('no answer', await sendOnNewConnections(pod))
    })
    begin()
    const back = Date.now()
    await waitFor(
      async () => areAll('200', await sendOnNewConnections(pod)) || undefined,
      RECOVERY_MS,
      () => 'no new certificate',
    )
    const seconds = Math.round((Date.now() - back) / 1_000)
    await recover()
    return `New connections were refused, and accepted ${seconds} s after istiod was back. Open ones stayed`
  },
}

/** `seen`: at least one outcome, because a load starts with one. */
function areAll(wanted: string, seen: readonly string[]): boolean {
  return seen.every((outcome) => outcome === wanted)
}

function requireAll(wanted: string, seen: readonly string[]): void {
  if (areAll(wanted, seen)) return
  const what = `expected only "${wanted}" in ${seen.length} outcomes: ${seen.join(', ')}`
  throw wanted !== '200' && seen.includes('200') ? new ForbiddenError(what) : new Error(what)
}

/** Sends requests with the frontend's credentials for a second, each on a new connection. Returns the outcomes. */
async function sendOnNewConnections(pod: Pod): Promise<string[]> {
  const spec = { kind: 'attack', ...SIGNER_IN_POD, ...(await locateCredentials(pod)) } as const
  const load = await startLoad({ spec, perSecond: 10 }, { pid: await findSandboxOf(pod.uid) })
  await sleep(1_000)
  return (await load.stop()).map(({ outcome }) => outcome)
}
