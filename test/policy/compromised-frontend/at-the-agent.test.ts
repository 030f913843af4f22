// Attack 20: code in the frontend container stops the proxy of its own Pod through Istio's agent, which every container of a
// Pod may call. It can stop its own signing for a short time. Meanwhile, no other caller gets a signature.
import { beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../../tools/kube/names.ts'
import { probeFrom } from '../../../tools/verify/attack/containers.ts'
import {
  describeOutcome,
  withCredentials,
  writeRequest,
} from '../../../tools/verify/attack/requests.ts'
import {
  type Credentials,
  findTarget,
  SIGNER_IN_POD,
  type Target,
} from '../../../tools/verify/attack/target.ts'
import { PODS_MS, RECOVERY_MS, STEADY_MS } from '../../../tools/verify/attack/timeouts.ts'
import { otherNamespacePod, SIGNER_IN_MESH, setup } from '../../support/attack/attackers.ts'
import { testAttack } from '../../support/attack/expectations.ts'
import { send } from '../../support/attack/send.ts'

/** kubelet waits longer before each restart of a container. The test measures the first restart. */
async function ensureFreshPod(): Promise<void> {
  const { frontend } = await findTarget()
  const path = '{.status.initContainerStatuses[?(@.name=="istio-proxy")].restartCount}'
  const get = ['get', 'pod', frontend.pod, '-n', namespace, '-o', `jsonpath=${path}`]
  if ((await kubectl(get)) === '0') return
  const target = [`deployment/${deployment}`, '-n', namespace]
  await kubectl(['rollout', 'restart', ...target])
  await kubectl(['rollout', 'status', ...target], { timeoutMs: PODS_MS })
  // The attackers use the address of the old Pod.
  await setup()
}

/**
 * Sends requests until all are answered for a while, or the time is over. They make no signature. Returns the milliseconds
 * until the last failure.
 */
async function measureGap({ frontend }: Target, stolen: Credentials): Promise<number> {
  const parts = withCredentials(stolen, { method: 'GET', path: '/keys' })
  const start = performance.now()
  let lastFailure = 0
  for (;;) {
    const { status } = await send(frontend, SIGNER_IN_POD, parts)
    const now = performance.now() - start
    if (status !== 200) lastFailure = now
    if (now - lastFailure > STEADY_MS || now > RECOVERY_MS) return lastFailure
  }
}

async function attackMeanwhile(stolen: Credentials, until: Promise<unknown>): Promise<string[]> {
  const bytes = writeRequest(withCredentials(stolen))
  const attempts = Array.from({ length: 20 }, () => ({ ...SIGNER_IN_MESH, bytes }))
  const seen = new Set<string>()
  let isOver = false
  void until.finally(() => {
    isOver = true
  })
  while (!isOver) {
    for (const outcome of await probeFrom(otherNamespacePod, attempts))
      seen.add(describeOutcome(outcome))
  }
  return [...seen]
}

describe.each(['/drain', '/quitquitquit'])(
  "code in the frontend container sends Istio's agent %s",
  (path) => {
    beforeAll(ensureFreshPod)
    type Outcomes = { status?: number | undefined; gapMs: number; attempts: string[] }
    const batch = testAttack<Outcomes>(async (target, stolen) => {
      const agent = { host: '127.0.0.1', port: 15020 }
      const { status } = await send(target.frontend, agent, { path, host: 'localhost', body: '' })
      const gap = measureGap(target, stolen)
      const attempts = await attackMeanwhile(stolen, gap)
      return { status, gapMs: await gap, attempts }
    })
    test('the agent does it', () => expect(batch().outcomes.status).toBe(200))
    test('signing is back within 15 s', () => expect(batch().outcomes.gapMs).toBeLessThan(15_000))
    test('a mesh Pod in another namespace with all credentials is always refused', () => {
      expect(batch().outcomes.attempts.length).toBeGreaterThan(0)
      expect(batch().outcomes.attempts).not.toContain('200')
    })
  },
)
