// Workload certificates that live for seconds instead of a day: renewed under load, and past their end while istiod is
// away. A connection that is open stays open, so what counts are new ones.
import { setTimeout as sleep } from 'node:timers/promises'
import { SIGNER_IN_POD } from '../../attack/target.ts'
import { waitFor } from '../../attack/wait.ts'
import type { Experiment } from '../experiment.ts'
import { startLoad } from '../load/start-load.ts'
import { shortenCertificates } from '../support/certificate-lifetime.ts'
import { withoutIstiod } from '../support/istiod.ts'
import { findSandboxOf } from '../support/node.ts'
import type { Pod } from '../support/pods.ts'
import { RECOVERY_MS } from '../support/timeouts.ts'
import { locateCredentials } from '../support/volumes.ts'

const LIFETIME_SECONDS = 15
const onePod = { attack: '33', replicas: 1, sources: ['public', 'frontend'] } as const
const prepare = () => shortenCertificates(LIFETIME_SECONDS)

/** The agent asks for a new one when half of its time is over. */
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
    requireAll('200', await askOnNewConnections(pod))
    return `${Math.floor((Date.now() - start) / (500 * LIFETIME_SECONDS))} certificates`
  },
}

export const certificateExpired: Experiment = {
  ...onePod,
  id: 'certificate-expired',
  title: 'istiod stopped until certificates expire, nothing in plain text',
  // Readiness is asked on new connections, and so the gateway is told that the Pod is not there.
  bounds: { recoveryMs: RECOVERY_MS, slowestFailureMs: 1_000 },
  prepare,
  run: async ({ pod, begin, recover }) => {
    requireAll('200', await askOnNewConnections(pod))
    await withoutIstiod(async () => {
      await sleep((LIFETIME_SECONDS + 3) * 1_000)
      requireAll('no answer', await askOnNewConnections(pod))
    })
    begin()
    const back = Date.now()
    await waitFor(
      async () => areAll('200', await askOnNewConnections(pod)) || undefined,
      RECOVERY_MS,
      () => 'no new certificate',
    )
    const seconds = Math.round((Date.now() - back) / 1_000)
    await recover()
    return `New connections were refused, and accepted ${seconds} s after istiod was back. Open ones stayed`
  },
}

/** False for none at all: nothing was seen then. */
function areAll(wanted: string, seen: readonly string[]): boolean {
  return seen.length > 0 && seen.every((outcome) => outcome === wanted)
}

function requireAll(wanted: string, seen: readonly string[]): void {
  if (areAll(wanted, seen)) return
  throw new Error(`expected ${wanted} of every one of ${seen.length}: ${seen.join(', ')}`)
}

/** As the frontend, with all that it has. Returns the outcomes of a second. */
async function askOnNewConnections(pod: Pod): Promise<string[]> {
  const spec = { kind: 'knock', ...SIGNER_IN_POD, ...(await locateCredentials(pod)) } as const
  const load = startLoad({ spec, perSecond: 10 }, await findSandboxOf(pod.uid))
  await sleep(1_000)
  return (await load.stop()).map(({ outcome }) => outcome)
}
