// Attack 20: code in the frontend stops its own proxy through Istio's agent. Signing is back soon, and nobody gets in meanwhile.
import { beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../../tools/kube/names.ts'
import { probeFrom } from '../../../tools/verify/attack/containers.ts'
import type { Outcome } from '../../../tools/verify/attack/probe.ts'
import {
  bearer,
  describeOutcome,
  signParts,
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

/** kubelet waits longer before each restart. This measures the first. */
async function ensureFreshPod(): Promise<void> {
  const { frontend } = await findTarget()
  const path = '{.status.initContainerStatuses[?(@.name=="istio-proxy")].restartCount}'
  const get = ['get', 'pod', frontend.pod, '-n', namespace, '-o', `jsonpath=${path}`]
  if ((await kubectl(get)) === '0') return
  const target = [`deployment/${deployment}`, '-n', namespace]
  await kubectl(['rollout', 'restart', ...target])
  await kubectl(['rollout', 'status', ...target], { timeoutMs: PODS_MS })
  // The attackers know the old Pod's address.
  await setup()
}

/** Asks until there was no failure for a while. Returns the milliseconds until the last failure. */
async function measureGap({ frontend }: Target, { token, pairing }: Credentials): Promise<number> {
  const parts = signParts(pairing, { method: 'GET', path: '/keys', headers: bearer(token) })
  const probe = { ...SIGNER_IN_POD, bytes: writeRequest(parts) }
  const start = performance.now()
  let lastFailure = 0
  for (;;) {
    const [outcome] = await probeFrom(frontend, [probe])
    const now = performance.now() - start
    if (describeOutcome(outcome as Outcome) !== '200') lastFailure = now
    if (now - lastFailure > STEADY_MS || now > RECOVERY_MS) return lastFailure
  }
}

async function attackMeanwhile(
  { token, pairing }: Credentials,
  until: Promise<unknown>,
): Promise<string[]> {
  const bytes = writeRequest(signParts(pairing, { headers: bearer(token) }))
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
  "code in the frontend container asks Istio's agent for %s",
  (path) => {
    beforeAll(ensureFreshPod)
    type Outcomes = { answer: string; gapMs: number; attempts: string[] }
    const batch = testAttack<Outcomes>(async (target, stolen) => {
      const bytes = writeRequest({ method: 'POST', path, host: 'localhost', body: '' })
      const probe = { host: '127.0.0.1', port: 15020, bytes }
      const [outcome] = await probeFrom(target.frontend, [probe])
      const gap = measureGap(target, stolen)
      const attempts = await attackMeanwhile(stolen, gap)
      return { answer: describeOutcome(outcome as Outcome), gapMs: await gap, attempts }
    })
    test('it is done', () => expect(batch().outcomes.answer).toBe('200'))
    test('signing is back within 15 s', () => expect(batch().outcomes.gapMs).toBeLessThan(15_000))
    test('a mesh Pod in another namespace with everything is always refused', () => {
      expect(batch().outcomes.attempts.length).toBeGreaterThan(0)
      expect(batch().outcomes.attempts).not.toContain('200')
    })
  },
)
