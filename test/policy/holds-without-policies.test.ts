// Attacks 27 and 28: with every policy deleted, and a Service for the signer, pairing still holds.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../tools/kube/names.ts'
import { readAuditLog } from '../../tools/verify/attack/audited-requests.ts'
import { type Container, probeFrom } from '../../tools/verify/attack/containers.ts'
import type { Outcome, Place } from '../../tools/verify/attack/probe.ts'
import {
  bearer,
  describeOutcome,
  makeRequestId,
  readJsonBody,
  readStatus,
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
import { type BatchResult, runBatch } from '../support/attack/batch.ts'
import { deleteResources, listOfKind } from '../support/attack/deletions.ts'
import { testControls } from '../support/attack/expectations.ts'

const kinds = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication']
const forged = {
  'x-forwarded-client-cert': `By=spiffe://cluster.local/x;Hash=${'0'.repeat(64)};Subject="";URI=spiffe://cluster.local/ns/admin/sa/admin`,
}
const signerInPlainText = async () => ({ host: (await findTarget()).podIP, port: 8081 })

async function waitForStatus(
  from: Container,
  place: Place,
  line: string,
  wanted: number,
): Promise<void> {
  const [method = '', path = ''] = line.split(' ')
  const probe = { ...place, bytes: writeRequest({ method, path }) }
  await waitFor(
    async () => {
      const [outcome] = await probeFrom(from, [probe])
      return readStatus(outcome?.received ?? '') === wanted || undefined
    },
    CONFIG_MS,
    () => `${line} is not answered with ${wanted}`,
  )
}

/** Makes a Service for the signer's port, as anyone with edit rights in the namespace can. */
async function exposeSigner(): Promise<Place> {
  const service = {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'test-exposed', namespace } },
    spec: {
      selector: { app: deployment },
      ports: [{ name: 'http-signer', port: 8081, targetPort: 8081 }],
    },
  }
  const args = ['apply', '-f', '-', '-o', 'jsonpath={.spec.clusterIP}']
  const host = (await kubectl(args, { input: JSON.stringify(service) })).trim()
  await waitForStatus(otherNamespacePod, { host, port: 8081 }, 'GET /readyz', 200)
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
  const results = new Map<string, BatchResult<Outcome[]>>()
  const requestId = makeRequestId()
  const start = new Date()

  beforeAll(async () => {
    restore = await deleteResources((await Promise.all(kinds.map(listOfKind))).flat())
    const inPlainText = await signerInPlainText()
    // The mesh really lets them through: this is only for the Pod itself, otherwise, and for nobody in plain text.
    await waitForStatus(otherNamespacePod, SIGNER_IN_MESH, 'GET /readyz', 200)
    await waitForStatus(nonMeshPod, inPlainText, 'GET /readyz', 200)
    const places: Record<string, Place> = {
      'non-mesh Pod': inPlainText,
      'other-namespace Pod, by a Service': await exposeSigner(),
    }
    for (const [name, attacker] of Object.entries(attackers)) {
      const place = places[name] ?? SIGNER_IN_MESH
      const batch = await runBatch((_, { token }) =>
        probeFrom(
          attacker,
          [{ headers: { ...forged, 'x-request-id': requestId } }, { headers: bearer(token) }].map(
            (parts) => ({ ...place, bytes: writeRequest(parts) }),
          ),
        ),
      )
      results.set(name, batch)
    }
  })
  afterAll(async () => {
    await kubectl(['delete', 'service', 'test-exposed', '-n', namespace, '--ignore-not-found'])
    await restore()
    await waitForStatus(otherNamespacePod, SIGNER_IN_MESH, 'GET /readyz', 403)
  })

  test('each is in the audit log under its real name, not the one that it claims', async () => {
    const all = await readAuditLog(await findTarget(), start)
    const entries = all.filter((entry) => entry.request_id === requestId)
    const spiffe = (name: string) => `spiffe://cluster.local/ns/${name}`
    expect(entries.map(({ caller, outcome }) => [caller, outcome])).toEqual([
      [spiffe('signing-test-other/sa/default'), 'pairing_refused'],
      [spiffe('signing/sa/test-other-account'), 'pairing_refused'],
      [spiffe('signing/sa/secure-signing'), 'pairing_refused'],
      ['unknown', 'pairing_refused'],
      // In plain text until the attacker's proxy knows the Service.
      [expect.stringMatching(/^unknown$|\/signing-test-other\/sa\/default$/), 'pairing_refused'],
    ])
  })

  describe.each(Object.keys(attackers))('the %s', (name) => {
    const load = () => results.get(name) as BatchResult<Outcome[]>
    testControls(load)
    test.each([
      ['without a token', 0],
      ["with the frontend's stolen token", 1],
    ])('is refused by the signer itself: %s', (_, index) => {
      const outcome = load().outcomes[index] as Outcome
      expect(describeOutcome(outcome)).toBe('403')
      expect(readJsonBody(outcome.received)).toMatchObject({ code: 'pairing_refused' })
    })
  })
})
