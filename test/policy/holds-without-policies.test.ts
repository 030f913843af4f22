// Attacks 27 and 28, their worst case: somebody has deleted every AuthorizationPolicy, so that the mesh lets everybody
// through to the signer. Its own lock holds.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../deploy/kubectl.ts'
import { deployment, fieldManager, namespace } from '../../deploy/names.ts'
import { resourceSchema } from '../../deploy/resources.ts'
import { lookAlike, stranger, twin, VICTIM_IN_MESH } from './support/attackers.ts'
import { type BatchResult, describeOutcome, runBatch } from './support/batch.ts'
import { type Container, probeFrom } from './support/containers.ts'
import { testControls } from './support/expectations.ts'
import type { Outcome } from './support/probe.ts'
import {
  bearer,
  makeRequestId,
  readJsonBody,
  readStatus,
  writeRequest,
} from './support/requests.ts'
import { CONFIG_MS, POLL_MS } from './support/timeouts.ts'

const kind = 'authorizationpolicies.security.istio.io'
/** What a caller can claim about itself. */
const forged = {
  'x-forwarded-client-cert': `By=spiffe://cluster.local/x;Hash=${'0'.repeat(64)};Subject="";URI=spiffe://cluster.local/ns/admin/sa/admin`,
}
const list = z.object({ items: z.array(resourceSchema) })

async function deletePolicies(): Promise<() => Promise<void>> {
  const { items } = await kubectlJson(list, ['get', kind, '-n', namespace, '-o', 'json'])
  const saved = items.map(({ apiVersion, kind: what, metadata, spec }) => {
    const { name, labels = {}, annotations = {} } = metadata
    return { apiVersion, kind: what, metadata: { name, namespace, labels, annotations }, spec }
  })
  expect(saved.length).toBeGreaterThan(0)
  await kubectl(['delete', kind, '--all', '-n', namespace])
  return async () => {
    // As `make deploy` does, so that it goes on owning the fields.
    const args = ['apply', '--server-side', `--field-manager=${fieldManager}`, '-f', '-']
    await kubectl(args, { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: saved }) })
    await waitForStatus(stranger, 'GET /readyz', 403)
  }
}

/** The proxies hear of it in their own time. */
async function waitForStatus(from: Container, line: string, wanted: number): Promise<void> {
  const [method = '', path = ''] = line.split(' ')
  const bytes = writeRequest({ method, path })
  const deadline = Date.now() + CONFIG_MS
  for (;;) {
    const [outcome] = await probeFrom(from, [{ host: VICTIM_IN_MESH, port: 8081, bytes }])
    if (readStatus(outcome?.received ?? '') === wanted) return
    if (Date.now() > deadline) throw new Error(`${line} is not answered with ${wanted}`)
    await sleep(POLL_MS)
  }
}

describe('with every AuthorizationPolicy deleted', () => {
  let restore = async () => {}
  const attackers = { stranger, 'look-alike': lookAlike, twin }
  const results = new Map<string, BatchResult<Outcome[]>>()
  const requestId = makeRequestId()

  beforeAll(async () => {
    restore = await deletePolicies()
    // The mesh really lets them through: this is only for the Pod itself, otherwise.
    await waitForStatus(stranger, 'GET /readyz', 200)
    for (const [name, attacker] of Object.entries(attackers)) {
      const batch = await runBatch((_, { token }) =>
        probeFrom(
          attacker,
          [{ headers: { ...forged, 'x-request-id': requestId } }, { headers: bearer(token) }].map(
            (parts) => ({
              host: VICTIM_IN_MESH,
              port: 8081,
              bytes: writeRequest(parts),
            }),
          ),
        ),
      )
      results.set(name, batch)
    }
  })
  afterAll(() => restore())

  test('each is in the audit log under its real name, not the one that it claims', async () => {
    const args = ['logs', '-n', namespace, `deployment/${deployment}`, '-c', 'signer']
    const lines = (await kubectl(args)).split('\n').filter((line) => line.includes(requestId))
    const entries = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'audit')
    expect(entries.map(({ caller, outcome }) => [caller, outcome])).toEqual([
      ['spiffe://cluster.local/ns/signing-test-stranger/sa/default', 'pairing_refused'],
      ['spiffe://cluster.local/ns/signing/sa/test-look-alike', 'pairing_refused'],
      ['spiffe://cluster.local/ns/signing/sa/secure-signing', 'pairing_refused'],
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
