// No application gets a signature of another one's signer: neither by credentials of its own in the other's Pod, nor by the other's
// credentials in a Pod of its own. In each Pod, the right credentials get a signature.
import { createSecretKey, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { describeOutcome, readJsonBody, readStatus } from '../../tools/verify/attack/requests.ts'
import { SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import { CONFIG_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { otherNamespacePod, sameAccountPod, setup, teardown } from '../support/attack/attackers.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { type Name, names } from './support/applications.ts'
import { type Attempt, listSigned, type Sent, sendAttempts } from './support/attempts.ts'
import { breakInto, type Compromised } from './support/break-in.ts'
import { apply } from './support/unrelated.ts'

const ports = [{ number: 8081, name: 'tcp-signer', protocol: 'TCP' }]
/** The Flask example's Pods reach the two other signers at these addresses, which nothing else has (RFC 5737). */
const addresses = { ours: '192.0.2.71', go: '192.0.2.72' }
const victims = ['ours', 'go'] as const
const start = new Date()
let compromised: Record<Name, Compromised>

beforeAll(async () => {
  const all = await Promise.all(names.map(async (name) => [name, await breakInto(name)] as const))
  compromised = Object.fromEntries(all) as Record<Name, Compromised>
})

describe.each(names)('in the Pod of %s', needsLocalCluster, (name) => {
  const others = names.filter((each) => each !== name)
  let sent: Record<string, Sent>
  beforeAll(async () => {
    const own = compromised[name]
    const attempts = others.flatMap((each): [string, Attempt][] => {
      const { token, pairing } = compromised[each]
      return [
        [`the token of ${each}`, { token, pairing: own.pairing }],
        [`the pairing secret of ${each}`, { token: own.token, pairing }],
        [`both of ${each}`, { token, pairing }],
      ]
    })
    const pairing = createSecretKey(randomBytes(32))
    sent = await sendAttempts(own.container, SIGNER_IN_POD, {
      'its own credentials': own,
      ...Object.fromEntries(attempts),
      'a pairing secret of nobody': { token: own.token, pairing },
    })
  })

  test('its own credentials get a signature', () => {
    const { outcome } = sent['its own credentials'] as Sent
    expect(describeOutcome(outcome)).toBe('200')
    expect(readJsonBody(outcome.received)).toMatchObject({ signature: expect.any(String) })
  })
  test.each(others)('the token of %s is refused by the mesh', (other) => {
    for (const what of [`the token of ${other}`, `both of ${other}`]) {
      const { outcome } = sent[what] as Sent
      expect(describeOutcome(outcome)).toBe('403')
      expect(outcome.received).toContain('RBAC: access denied')
    }
  })
  test.each(others)('the pairing secret of %s is refused by the signer', (other) => {
    const { outcome } = sent[`the pairing secret of ${other}`] as Sent
    expect(describeOutcome(outcome)).toBe('403')
    expect(readJsonBody(outcome.received)).toMatchObject({ code: 'pairing_refused' })
  })
  test('the signer signed the control, and nothing else', async () => {
    const { id } = sent['its own credentials'] as Sent
    const ids = Object.values(sent).map((each) => each.id)
    expect(ids).toHaveLength(8)
    const signed = await listSigned(compromised[name], start, id)
    expect(signed.filter((each) => ids.includes(each))).toEqual([id])
  })
})

describe('a Pod with the ServiceAccount of the Flask example', needsLocalCluster, () => {
  beforeAll(async () => {
    await setup()
    await apply(
      victims.map((name) => ({
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name, namespace: otherNamespacePod.namespace },
        spec: {
          hosts: [`${name}.test.internal`],
          exportTo: ['*'],
          addresses: [addresses[name]],
          ...{ location: 'MESH_INTERNAL', resolution: 'STATIC', ports },
          endpoints: [{ address: compromised[name].podIP }],
        },
      })),
    )
  })
  afterAll(async () => {
    await kubectl(['delete', 'serviceentry', ...victims, '-n', otherNamespacePod.namespace])
    await teardown()
  })

  test.each(victims)('gets no signature from the signer of %s, which it reaches', async (name) => {
    const victim = compromised[name]
    const place = { host: addresses[name], port: 8081 }
    const attempts = { 'its own credentials': compromised.flask, 'the stolen ones': victim }
    const sent = await waitFor(
      async () => {
        const all = await sendAttempts(sameAccountPod, place, attempts)
        const answered = Object.values(all).every(({ outcome }) => readStatus(outcome.received))
        return answered ? all : undefined
      },
      CONFIG_MS,
      () => `${sameAccountPod.pod} has no route to ${name}`,
    )
    for (const { outcome } of Object.values(sent)) {
      expect(describeOutcome(outcome)).toBe('403')
      expect(outcome.received).toContain('RBAC: access denied')
    }
    const { control } = await sendAttempts(victim.container, SIGNER_IN_POD, { control: victim })
    expect(describeOutcome((control as Sent).outcome)).toBe('200')
    const signed = await listSigned(victim, start, (control as Sent).id)
    for (const { id } of Object.values(sent)) expect(signed).not.toContain(id)
  })
})
