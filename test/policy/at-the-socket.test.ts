// The Pod of the overlay linkerd without a mesh, in its own namespace. Only the mount and the pairing protect the signer.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { computeOpensslHmac } from '../../tools/deploy/openssl-hmac.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace as deployed, deployment, keySecret } from '../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../tools/kube/resources.ts'
import type { Container } from '../../tools/verify/attack/containers.ts'
import { readJsonBody, readStatus, writeRequest } from '../../tools/verify/attack/requests.ts'
import { CONFIG_MS, PODS_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { nonMeshPod } from '../support/attack/attackers.ts'
import { send } from '../support/attack/send.ts'
import type { SocketAttack } from '../support/compromise/attack-socket.ts'
import { runIn } from '../support/compromise/run-in.ts'
import type { Search } from '../support/compromise/search.ts'

const overlay = join(CHECKOUT, 'k8s/overlays/linkerd')
const namespace = 'signing-test-socket'
/** The keys in the Secret. */
const keys: Record<string, Buffer> = { 'key-1': randomBytes(32) }
let primary = 'key-1'
let frontend: Container
let host: string

beforeAll(async () => {
  await takeAway()
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: await listResources() })
  await kubectl(['apply', '-f', '-'], { input })
  const rollout = ['rollout', 'status', `deployment/${deployment}`, '-n', namespace]
  await kubectl(rollout, { timeoutMs: PODS_MS })
  const found = await kubectl(['get', 'pods', '-n', namespace, '-o', 'json'])
  const { metadata, status } = JSON.parse(found).items[0]
  frontend = { namespace, pod: metadata.name, container: 'frontend' }
  host = status.podIP
})
afterAll(takeAway)

async function takeAway(): Promise<void> {
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found'], { timeoutMs: PODS_MS })
}

/** The resources of the overlay in the other namespace, with the deployed images and another key. */
async function listResources(): Promise<Resource[]> {
  const query = ['get', 'deployment', deployment, '-n', deployed, '-o', 'json']
  const { containers } = JSON.parse(await kubectl(query)).spec.template.spec
  const rendered = parseResources(await kubectl(['kustomize', overlay]))
  const ours = rendered.filter(({ kind }) => /^(Namespace|ServiceAccount|Deployment)$/.test(kind))
  for (const resource of ours) {
    if (resource.kind === 'Namespace') resource.metadata.name = namespace
    else resource.metadata.namespace = namespace
    const pod = Object(resource.spec).template?.spec
    if (pod === undefined) continue
    pod.terminationGracePeriodSeconds = 0
    for (const each of pod.containers) {
      each.image = containers.find(({ name }: { name: string }) => name === each.name).image
    }
  }
  return [...ours, makeSecret()]
}

function makeSecret(): Resource {
  const data = Object.entries(keys).map(([name, bytes]) => [name, bytes.toString('base64')])
  const metadata = { name: keySecret, namespace }
  const filled = { data: Object.fromEntries(data), stringData: { primary } }
  return { apiVersion: 'v1', kind: 'Secret', metadata, ...filled }
}

/** Sends a message to the frontend, from a Pod without a sidecar. */
async function process() {
  const parts = { path: '/process', host, body: '{"message":"hello"}' }
  const { status, received } = await send(nonMeshPod, { host, port: 8080 }, parts)
  return { status, body: readJsonBody(received) }
}

async function expectSigned(answer: unknown): Promise<void> {
  const signature = await computeOpensslHmac(keys[primary] ?? Buffer.of(), Buffer.from('HELLO'))
  const body = { processed_message: 'HELLO', signature, key_id: primary }
  expect(answer).toEqual({ status: 200, body })
}

test('the frontend gets a signature over the socket', async () => {
  await expectSigned(await process())
})

test('code in the frontend is refused without the pairing secret, and cannot replace the socket', async () => {
  const forged = {
    'x-forwarded-client-cert': `By=a;Hash=${'0'.repeat(64)};Subject="";URI=spiffe://a/b`,
  }
  const bytes = writeRequest({ headers: forged })
  const attack = await runIn<SocketAttack>(frontend, 'attack-socket', 'attackSocket', bytes)
  expect(readStatus(attack.answer)).toBe(403)
  expect(readJsonBody(attack.answer)).toMatchObject({ code: 'pairing_refused' })
  for (const result of Object.values(attack.replaced)) expect(result).toBe('EROFS')
  expect(attack.ports).toEqual([8080])
  const log = await kubectl(['logs', '-n', namespace, frontend.pod, '-c', 'signer'])
  expect(log).toMatch(/"caller":"socket",.*"outcome":"pairing_refused"/)
  expect(log).not.toContain('spiffe:')
  await expectSigned(await process())
})

test('code in the frontend finds its pairing secret, but no key in any file or memory', async () => {
  const read = 'async () => (await import("node:fs")).readFileSync("/run/pairing/secret", "base64")'
  const secret = await runIn<string>(frontend, 'attack-socket', read)
  const raw = Object.entries(keys).map(([id, key]) => [id, key.toString('base64')])
  const hex = Object.entries(keys).map(([id, key]) => [
    `${id} in hex`,
    Buffer.from(key.toString('hex')).toString('base64'),
  ])
  const needles = { secret, ...Object.fromEntries([...raw, ...hex]) }
  const { finds } = await runIn<Search>(frontend, 'search', 'searchEverything', needles)
  expect(new Set(finds.map(({ needle }) => needle))).toEqual(new Set(['secret']))
})

test('a new primary key is loaded without a restart', async () => {
  const id = `key-${Object.keys(keys).length + 1}`
  keys[id] = randomBytes(32)
  primary = id
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(makeSecret()) })
  const answer = await waitFor(
    async () => {
      const found = await process()
      expect(found.status).toBe(200)
      return JSON.stringify(found).includes(`"${id}"`) ? found : undefined
    },
    CONFIG_MS,
    () => `the signer does not sign with ${id}`,
  )
  await expectSigned(answer)
})
