// Attack 27: one policy resource is deleted. No caller gains a signature, the frontend is served or refused, and the matrix
// names the missing resource. Runs in the deployed layout: one Pod or separate Pods.
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
/** `caller`: the application. `prober`: the caller that may read readiness and metrics without a token. */
const [caller, prober, sidecars, more] = sharesPod(layout)
  ? ['application', 'application', ['Sidecar/signer'], []]
  : // Without its Sidecar, the frontend may call any service. Without its rule, Istio still uses mutual TLS.
    [
      'frontend',
      'signer-account',
      ['Sidecar/signer'],
      ['Sidecar/frontend', 'DestinationRule/signer'],
    ]

type Deletion = { resource: string; shows?: string; seen?: Report['cells'][0]['seen'] }
/** `shows`: a cell that changes, as "caller request". `seen`: what it changes to. The default: no longer served. */
const deletions: readonly Deletion[] = [
  // Where an ALLOW policy exists, it also refuses everything that it does not allow.
  { resource: 'AuthorizationPolicy/signer-allow-nothing' },
  // A caller in plain text has no identity, and the other policies refuse it.
  { resource: 'PeerAuthentication/signer-require-mtls' },
  // The ALLOW policies alone refuse the same.
  { resource: 'AuthorizationPolicy/signer-deny-others' },
  ...Object.entries({
    'AuthorizationPolicy/signer-allow-caller': `${caller} sign`,
    'AuthorizationPolicy/signer-allow-gateway': 'public application',
    'AuthorizationPolicy/signer-allow-probe': `${prober} readyz`,
    'AuthorizationPolicy/signer-allow-metrics': `${prober} metrics`,
    // Without verification, the policy does not see the token.
    'RequestAuthentication/signer-authenticate-caller': `${caller} sign`,
  }).map(([resource, shows]) => ({ resource, shows, seen: 'policy' as const })),
  ...sidecars.map((resource) => ({ resource, shows: `${caller} sign`, seen: 'other' as const })),
  // Without the route of the readiness probe, the signer is not ready either.
  { resource: 'ServiceEntry/signer-in-pod', shows: `${caller} sign` },
  { resource: 'DestinationRule/signer-in-pod', shows: `${caller} sign` },
  ...more.map((resource) => ({ resource })),
]
const mayBeServed = ['metrics', 'readyz', 'application']

const take = async () =>
  takeReport(await findTarget(), pods, { start: performance.now(), istio: 'as it is' })

/** Takes reports until one is `wanted`, because the proxies receive a change with delay. */
async function waitForReport(wanted: (report: Report) => boolean): Promise<Report> {
  let report: Report | undefined
  return waitFor(
    async () => {
      report = await take()
      return wanted(report) ? report : undefined
    },
    CONFIG_MS,
    () =>
      `the expected report did not come:\n${report && describeDisagreements(report).join('\n')}`,
  )
}

const seenIn = ({ cells }: Report, name: string) =>
  cells.find(({ caller, request }) => `${caller} ${request}` === name)?.seen

test('with every resource in place, the matrix holds', async () => {
  expect(describeDisagreements(await take())).toEqual([])
})

describe.each(deletions)('without $resource', ({ resource, shows, seen }) => {
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

  test('no caller gets an unauthorized signature or an answer about keys', () => {
    const served = report.cells.filter(
      ({ declared, request, seen: got }) =>
        got === 'served' && declared !== 'served' && !mayBeServed.includes(request),
    )
    expect(served).toEqual([])
    expect(report.unauthorizedSignatures).toBe(0)
  })
  test('the frontend is served or refused, without a timeout', () => {
    const answers = report.cells.filter((each) => each.caller === caller)
    for (const { answer } of answers) expect(answer).not.toBe('timeout')
  })
  test('the matrix does not hold, and names the missing resource', () => {
    expect(holds(report)).toBe(false)
    expect(describeDisagreements(report)).toContain(`${resource} is not on the cluster.`)
  })
})
