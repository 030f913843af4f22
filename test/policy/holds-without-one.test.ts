// Attack 27: with any one policy resource deleted nobody gets more than before, and the matrix names what is missing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharesPod } from '../../tools/kube/layouts.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { CONFIG_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { holds, type Report } from '../../tools/verify/matrix/report.ts'
import { takeReport } from '../../tools/verify/matrix/take-report.ts'
import { describeDisagreements } from '../../tools/verify/matrix/verdict.ts'
import { pods } from '../support/attack/attackers.ts'
import { deleteResources } from '../support/attack/deletions.ts'

const { layout } = await findTarget()
/** Callers that may read readiness and metrics without a token. */
const [agent, sidecars, more] = sharesPod(layout)
  ? ['frontend', ['Sidecar/secure-signing'], []]
  : // Without its Sidecar the frontend may call anybody; without its rule mutual TLS is Istio's own doing.
    ['signer-account', ['Sidecar/signer'], ['Sidecar/frontend', 'DestinationRule/signer']]

/** `shows`: a cell that changes, as "caller request". */
const locks: readonly { resource: string; shows?: string; seen?: Report['cells'][0]['seen'] }[] = [
  // The ALLOW policies refuse what they don't allow, too, as long as there is one.
  { resource: 'AuthorizationPolicy/allow-nothing' },
  {
    resource: 'AuthorizationPolicy/allow-frontend-to-sign',
    shows: 'frontend sign',
    seen: 'policy',
  },
  {
    resource: 'AuthorizationPolicy/allow-ingress-to-frontend',
    shows: 'public process',
    seen: 'policy',
  },
  {
    resource: 'AuthorizationPolicy/allow-probe-to-signer',
    shows: `${agent} readyz`,
    seen: 'policy',
  },
  {
    resource: 'AuthorizationPolicy/allow-pod-to-read-signer-metrics',
    shows: `${agent} metrics`,
    seen: 'policy',
  },
  // The policies ask for an identity, and in plain text there is none.
  { resource: 'PeerAuthentication/require-mtls', shows: 'non-mesh sign', seen: 'policy' },
  // The token is not looked at, so the policy does not know that it is there.
  {
    resource: 'RequestAuthentication/verify-caller-token',
    shows: 'frontend sign',
    seen: 'policy',
  },
  ...sidecars.map((resource) => ({ resource, shows: 'frontend sign', seen: 'other' as const })),
  // Without the way that the readiness probe takes the signer is not ready either.
  { resource: 'ServiceEntry/signer-in-pod', shows: 'frontend sign' },
  { resource: 'DestinationRule/signer-in-pod', shows: 'frontend sign' },
  ...more.map((resource) => ({ resource })),
]
const mayBeServed = ['metrics', 'readyz', 'process']

const take = async () =>
  takeReport(await findTarget(), pods, { start: performance.now(), istio: 'as it is' })

/** Takes reports until `wanted` accepts one. */
async function waitForReport(wanted: (report: Report) => boolean): Promise<Report> {
  let report: Report | undefined
  return waitFor(
    async () => {
      report = await take()
      return wanted(report) ? report : undefined
    },
    CONFIG_MS,
    () => `no such report:\n${report && describeDisagreements(report).join('\n')}`,
  )
}

const seenIn = ({ cells }: Report, name: string) =>
  cells.find(({ caller, request }) => `${caller} ${request}` === name)?.seen

test('with every lock in place the matrix holds', async () => {
  expect(describeDisagreements(await take())).toEqual([])
})

describe.each(locks)('without $resource', ({ resource, shows, seen }) => {
  let restore = async () => {}
  let report: Report
  beforeAll(async () => {
    restore = await deleteResources([resource])
    report = await waitForReport((each) => {
      if (shows === undefined) return true
      const now = seenIn(each, shows)
      return seen === undefined ? now !== 'served' : now === seen
    })
  })
  afterAll(async () => {
    await restore()
    await waitForReport(holds)
  })

  test('nobody gets a signature, or an answer about keys, who may not have one', () => {
    const served = report.cells.filter(
      ({ declared, request, seen: got }) =>
        got === 'served' && declared !== 'served' && !mayBeServed.includes(request),
    )
    expect(served).toEqual([])
    expect(report.unauthorizedSignatures).toBe(0)
  })
  test('the frontend is served or refused, nothing in between hangs', () => {
    const answers = report.cells.filter(({ caller }) => caller === 'frontend')
    for (const { answer } of answers) expect(answer).not.toBe('timeout')
  })
  test('the matrix does not hold, and names it', () => {
    expect(holds(report)).toBe(false)
    expect(describeDisagreements(report)).toContain(`${resource} is not on the cluster.`)
  })
})
