// Tests that only the application container gets signatures, and only with the pairing secret.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { namespace, service } from '../../../tools/kube/names.ts'
import {
  describeOutcome,
  signParts,
  snakeCase,
  writeRequest,
} from '../../../tools/verify/attack/requests.ts'
import { findInContainer, killProcess } from '../../../tools/verify/faults/support/node.ts'
import { sendProbes } from '../../support/attack/send.ts'
import { otherPod, sameAccount } from './clients.ts'
import { type Deployed, readPod, readPrimary, succeed } from './deployed.ts'
import { askSocket, readPairingSecret } from './paired-request.ts'

export function testSocket(read: () => Deployed): void {
  describe('at the socket, code in the application container', () => {
    let pairing: KeyObject
    beforeAll(async () => {
      pairing = await readPairingSecret(read().application)
    })
    const ask = (...args: Parameters<typeof askSocket> extends [unknown, ...infer R] ? R : never) =>
      askSocket(read().application, ...args)

    test('gets a signature with the pairing secret', async () => {
      const { status, body } = await ask({ headers: snakeCase }, pairing)
      expect({ status, body }).toMatchObject({ status: 200, body: { key_id: await readPrimary() } })
    })

    test.each<[string, () => ReturnType<typeof ask>]>([
      ['no pairing signature', () => ask()],
      ['a signature by another secret', () => ask({}, createSecretKey(randomBytes(32)))],
      [
        'a signature of another body',
        () => ask({ ...signParts(pairing), body: '{"message":"others"}' }),
      ],
    ])('is refused with %s', async (_, send) => {
      const { status, body } = await send()
      expect({ status, body }).toMatchObject({ status: 403, body: { code: 'pairing_refused' } })
    })

    test('cannot replace the socket, and the Pod listens only on the port of the application', async () => {
      const { replaced, ports } = await ask()
      for (const result of Object.values(replaced)) expect(result).toBe('EROFS')
      expect(ports).toEqual([8080])
    })
  })

  test.each([
    ['a Pod with the same ServiceAccount', sameAccount],
    ['a Pod of another namespace', otherPod],
  ])('%s reaches the application, and nothing of the signer', async (_, from) => {
    const host = read().ip
    const bytes = writeRequest()
    const outcomes = await sendProbes(from, {
      application: { host, port: 8080, bytes: writeRequest({ path: '/process', host }) },
      'path of the signer': { host, port: 8080, bytes },
      'port of the signer': { host, port: 8081, bytes },
      'port of the signer at the Service': { host: `${service}.${namespace}`, port: 8081, bytes },
    })
    const seen = Object.entries(outcomes).map(([name, each]) => [name, describeOutcome(each)])
    expect(Object.fromEntries(seen)).toEqual({
      application: '200',
      'path of the signer': '404',
      'port of the signer': 'not connected',
      'port of the signer at the Service': expect.stringMatching(/not connected|timeout/),
    })
  })

  test('after a restart of the signer, the application reads the new pairing secret', async () => {
    const { application, containers } = read()
    const before = await readPairingSecret(application)
    const restarts = async () => (await readPod()).containers.containers
    await killProcess(await findInContainer(containers, 'signer', 'node'))
    while ((await restarts()).signer?.restarts === 0) await sleep(250)
    await succeed('smoke')
    const after = await readPairingSecret(application)
    expect(after.equals(before)).toBe(false)
    expect((await askSocket(application, {}, before)).status).toBe(403)
    expect((await askSocket(application, {}, after)).status).toBe(200)
    expect((await restarts()).frontend?.restarts).toBe(0)
  })
}
