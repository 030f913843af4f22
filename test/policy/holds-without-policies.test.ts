// Attacks 27 and 28, the worst case: all policies are deleted, and a Service leads to the signer. The mesh lets every caller
// through, also in plain text. The signer still enforces pairing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubectl, kubectlJson } from '../../tools/kube/kubectl.ts'
import { labelSelector } from '../../tools/kube/label-selector.ts'
import { deployment, namespace, serviceAccount } from '../../tools/kube/names.ts'
import { readAuditLog } from '../../tools/verify/attack/audited-requests.ts'
import type { Container } from '../../tools/verify/attack/containers.ts'
import type { Outcome, Place } from '../../tools/verify/attack/probe.ts'
import {
  describeOutcome,
  makeRequestId,
  readJsonBody,
  tokenHeader,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { CONFIG_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import {
  nonMeshPod,
  otherAccountPod,
  otherNamespacePod,
  SIGNER_IN_MESH,
  sameAccountPod,
} from '../support/attack/attackers.ts'
import { deleteResources, listOfKind } from '../support/attack/deletions.ts'
import { testAttack } from '../support/attack/expectations.ts'
import { type Outcomes, send, sendAll } from '../support/attack/send.ts'

const kinds = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication']
const forged = {
  'x-forwarded-client-cert': `By=spiffe://cluster.local/x;Hash=${'0'.repeat(64)};Subject="";URI=spiffe://cluster.local/ns/admin/sa/admin`,
}

/** Waits until the proxies have the change: `GET /readyz` is answered with `wanted`. */
async function waitForStatus(from: Container, place: Place, wanted: number): Promise<void> {
  await waitFor(
    async () => {
      const { status } = await send(from, place, { method: 'GET', path: '/readyz' })
      return status === wanted || undefined
    },
    CONFIG_MS,
    () => `${from.pod} does not get ${wanted} for GET /readyz`,
  )
}

/** Reads the labels by which the Deployment selects its Pods. */
function readLabels() {
  const path = 'jsonpath={.spec.selector}'
  return kubectlJson(labelSelector, ['get', 'deployment', deployment, '-n', namespace, '-o', path])
}

/** Creates a Service for the signer's port, as every user with edit rights can. */
async function exposeSigner(): Promise<Place> {
  const service = {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'test-exposed', namespace } },
    spec: {
      selector: (await readLabels()).matchLabels,
      ports: [{ name: 'http-signer', port: 8081, targetPort: 8081 }],
    },
  }
  const args = ['apply', '-f', '-', '-o', 'jsonpath={.spec.clusterIP}']
  const host = (await kubectl(args, { input: JSON.stringify(service) })).trim()
  await waitForStatus(otherNamespacePod, { host, port: 8081 }, 200)
  return { host, port: 8081 }
}

describe('with every policy deleted: AuthorizationPolicies, mTLS and token check', () => {
  let restore = async () => {}
  const attackers = {
    'other-namespace Pod': otherNamespacePod,
    'other-account Pod': otherAccountPod,
    'same-account Pod': sameAccountPod,
    'non-mesh Pod': nonMeshPod,
    'other-namespace Pod, by a Service': otherNamespacePod,
  }
  const places: Record<string, Place> = {}
  const requestId = makeRequestId()
  const start = new Date()

  beforeAll(async () => {
    restore = await deleteResources((await Promise.all(kinds.map(listOfKind))).flat())
    const inPlainText = { host: (await findTarget()).podIP, port: 8081 }
    // The mesh lets them through. With its policies, only the Pod itself gets an answer, and never in plain text.
    await waitForStatus(otherNamespacePod, SIGNER_IN_MESH, 200)
    await waitForStatus(nonMeshPod, inPlainText, 200)
    places['non-mesh Pod'] = inPlainText
    places['other-namespace Pod, by a Service'] = await exposeSigner()
  })
  afterAll(async () => {
    await kubectl(['delete', 'service', 'test-exposed', '-n', namespace, '--ignore-not-found'])
    await restore()
    await waitForStatus(otherNamespacePod, SIGNER_IN_MESH, 403)
  })

  const batch = testAttack(async (_, { token }) => {
    const requests = {
      'without a token': writeRequest({ headers: { ...forged, 'x-request-id': requestId } }),
      "with the frontend's stolen token": writeRequest({ headers: tokenHeader(token) }),
    }
    const outcomes: Record<string, Outcomes> = {}
    for (const [name, attacker] of Object.entries(attackers)) {
      outcomes[name] = await sendAll(attacker, places[name] ?? SIGNER_IN_MESH, requests)
    }
    return outcomes
  })

  test('each is in the audit log under its verified name, not the name that it claims', async () => {
    const all = await readAuditLog(await findTarget(), start)
    const entries = all.filter((entry) => entry.request_id === requestId)
    const spiffe = (name: string) => `spiffe://cluster.local/ns/${name}`
    expect(entries.map(({ caller, outcome }) => [caller, outcome])).toEqual([
      [spiffe(`${namespace}-test-other/sa/default`), 'pairing_refused'],
      [spiffe(`${namespace}/sa/test-other-account`), 'pairing_refused'],
      [spiffe(`${namespace}/sa/${serviceAccount}`), 'pairing_refused'],
      ['unknown', 'pairing_refused'],
      // In plain text until the attacker's proxy knows the Service.
      [expect.stringMatching(/^unknown$|\/signing-test-other\/sa\/default$/), 'pairing_refused'],
    ])
  })

  describe.each(Object.keys(attackers))('the %s', (name) => {
    test.each(['without a token', "with the frontend's stolen token"])(
      'is refused by the signer itself: %s',
      (how) => {
        const outcome = batch().outcomes[name]?.[how] as Outcome
        expect(describeOutcome(outcome)).toBe('403')
        expect(readJsonBody(outcome.received)).toMatchObject({ code: 'pairing_refused' })
      },
    )
  })
})
