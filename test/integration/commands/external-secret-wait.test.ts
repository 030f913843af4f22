// With External Secrets, make deploy makes no key and waits for one. The controller's writing is simulated.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { findLeftovers } from '../../../tools/deploy/apply/orphaned-resources.ts'
import {
  checkKeyBringer,
  findKeyBringer,
  waitForKey,
} from '../../../tools/deploy/keys/external-secret-wait.ts'
import { ensureKey, makeKey } from '../../../tools/deploy/keys/hmac-key.ts'
import { readKeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { readRotationState } from '../../../tools/deploy/rotation/rotation-state.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../../tools/kube/names.ts'
import { parseResources } from '../../../tools/kube/resources.ts'
import {
  bringValue,
  reportReadiness,
} from '../../../tools/verify/faults/support/external-secrets-controller.ts'
import { installExternalSecretsCrds } from '../../../tools/verify/faults/support/external-secrets-crds.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const file = join(CHECKOUT, 'k8s/external-secrets/hmac-key-external-secret.yaml')
const yaml = await readFile(file, 'utf8')
const encode = (text: string) => Buffer.from(text).toString('base64')

test.each([
  [true, yaml],
  [false, yaml.replace('    name: hmac-key', '    name: other')],
  [true, yaml.replace('    name: hmac-key\n', '')],
  [false, ''],
])('the key is brought: %s', (isBrought, text) => {
  expect(findKeyBringer(parseResources(text)) !== undefined).toBe(isBrought)
})

describe('on an API server', needsLocalPrograms, () => {
  beforeAll(async () => {
    await useBareApiServer()
    await kubectl(['create', 'namespace', namespace])
  })

  test('says that External Secrets is not there; nothing of it is left then', async () => {
    await expect(checkKeyBringer()).rejects.toThrow('is not installed on this cluster')
    expect(await findLeftovers([])).toEqual([])
  })

  describe('with External Secrets', () => {
    let forgetKinds: () => Promise<void>

    beforeAll(async () => {
      forgetKinds = await installExternalSecretsCrds()
      // The API server lists a new group in its own time.
      await vi.waitFor(() => checkKeyBringer(), { timeout: 15_000, interval: 250 })
    })
    afterAll(() => forgetKinds())
    beforeEach(async () => {
      await kubectl(['create', '-f', '-'], { input: yaml })
    })
    afterEach(async () => {
      await kubectl(['delete', 'externalsecret', keySecret, '-n', namespace])
      await kubectl(['delete', 'secret', keySecret, '-n', namespace, '--ignore-not-found'])
    })

    test('refuses a Secret that is not from there, which would keep its keys for ever', async () => {
      await ensureKey()
      await expect(checkKeyBringer()).rejects.toMatchObject({
        message: expect.stringContaining('is there, and not from External Secrets'),
        todo: expect.stringContaining('Move an existing key'),
      })
      const own = (await readKeySecret()).data['key-1'] ?? ''
      await bringValue(JSON.stringify({ 'key-1': own, primary: encode('key-1') }))
      await bringValue(JSON.stringify({ 'key-2': makeKey(), primary: encode('key-2') }))
      expect(Object.keys((await readKeySecret()).data).sort()).toEqual([
        'key-1',
        'key-2',
        'primary',
      ])
    })

    test('waits for the Secret, and says why it does not come', async () => {
      await expect(waitForKey(keySecret, 0)).rejects.toThrow('does its controller run?')
      await reportReadiness('False', 'could not get secret data from provider')
      await expect(waitForKey(keySecret, 0)).rejects.toThrow('could not get secret data')
      await bringValue(JSON.stringify({ 'key-1': makeKey(), primary: encode('key-1') }))
      await reportReadiness('True', 'secret synced')
      await waitForKey(keySecret)
    })

    test('goes on with the Secret that is there when the manager is away', async () => {
      await bringValue(JSON.stringify({ 'key-1': makeKey(), primary: encode('key-1') }))
      await reportReadiness('False', 'could not get secret data from provider')
      const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
      await waitForKey(keySecret, 0)
      expect(said).toHaveBeenCalledWith(expect.stringContaining('which stays as it is'))
      said.mockRestore()
    })

    test('a rotation there is one here: entries come, sign and go; make deploy and rotate-key leave them alone', async () => {
      const [old, next] = [makeKey(), makeKey()]
      const steps = [
        { 'key-1': old, primary: encode('key-1') },
        { 'key-1': old, 'key-2': next, primary: encode('key-1') },
        { 'key-1': old, 'key-2': next, primary: encode('key-2') },
        { 'key-2': next, primary: encode('key-2') },
      ]
      for (const data of steps) {
        await bringValue(JSON.stringify(data))
        const secret = await readKeySecret()
        expect(secret.data).toEqual(data)
        await checkKeyBringer()
        expect(await ensureKey()).toBe(false)
        expect(() => readRotationState(secret)).toThrow('is written by External Secrets')
      }
      const [owner] = (await readKeySecret()).metadata.ownerReferences ?? []
      expect(owner).toMatchObject({ kind: 'ExternalSecret', name: keySecret })
    })

    test.each([
      ['a text that is no base64', { 'key-1': makeKey(), primary: 'key-1' }],
      ['a number', { 'key-1': 1, primary: encode('key-1') }],
    ])('%s changes nothing', async (_, value) => {
      const good = { 'key-1': makeKey(), primary: encode('key-1') }
      await bringValue(JSON.stringify(good))
      await expect(bringValue(JSON.stringify(value))).rejects.toThrow()
      expect((await readKeySecret()).data).toEqual(good)
    })
  })
})
