// With External Secrets, make deploy makes no key and waits for one. The controller's writing is simulated.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { findOrphanedResources } from '../../../tools/deploy/apply/orphaned-resources.ts'
import {
  checkExternalSecrets,
  findKeyExternalSecret,
  waitForExternalSecret,
} from '../../../tools/deploy/keys/external-secret-wait.ts'
import { ensureKey } from '../../../tools/deploy/keys/hmac-key.ts'
import { makeKey } from '../../../tools/deploy/keys/key-forms.ts'
import { readKeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { readRotationState } from '../../../tools/deploy/rotation/rotation-state.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../../tools/kube/names.ts'
import { parseResources } from '../../../tools/kube/resources.ts'
import {
  bringValue,
  reportReadiness,
} from '../../../tools/verify/faults/support/external-secrets-controller.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { installNewestCrds } from '../../support/api-server/external-secrets-crds.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const file = join(CHECKOUT, 'k8s/external-secrets/hmac-key-external-secret.yaml')
const yaml = await readFile(file, 'utf8')
const encode = (text: string) => Buffer.from(text).toString('base64')

test.each([
  [true, yaml],
  [false, yaml.replace('    name: hmac-key', '    name: other')],
  [true, yaml.replace('    name: hmac-key\n', '')],
  [false, ''],
])('an ExternalSecret for the key is found: %s', (isFound, text) => {
  expect(findKeyExternalSecret(parseResources(text)) !== undefined).toBe(isFound)
})

describe('on an API server', needsLocalPrograms, () => {
  beforeAll(async () => {
    await useBareApiServer()
    await kubectl(['create', 'namespace', namespace])
  })

  test('without External Secrets, the check fails and there are no orphaned resources', async () => {
    // The API server takes a moment to forget a group, if another test has removed it.
    await vi.waitFor(
      () => expect(checkExternalSecrets([])).rejects.toThrow('is not installed on this cluster'),
      { timeout: 15_000, interval: 250 },
    )
    expect(await findOrphanedResources([])).toEqual([])
  })

  describe('with External Secrets', () => {
    let removeCrds: () => Promise<void>

    beforeAll(async () => {
      removeCrds = await installNewestCrds()
      // The API server takes a moment to list a new group.
      await vi.waitFor(() => checkExternalSecrets([]), { timeout: 15_000, interval: 250 })
    })
    afterAll(() => removeCrds())
    beforeEach(async () => {
      await kubectl(['create', '-f', '-'], { input: yaml })
    })
    afterEach(async () => {
      await kubectl(['delete', 'externalsecret', keySecret, '-n', namespace])
      await kubectl(['delete', 'secret', keySecret, '-n', namespace, '--ignore-not-found'])
    })

    test('the check refuses a Secret of another owner, which would keep its keys forever', async () => {
      await ensureKey()
      await expect(checkExternalSecrets([])).rejects.toMatchObject({
        message: expect.stringContaining('exists, and External Secrets did not create it'),
        todo: expect.stringContaining('Move an existing key'),
      })
      const own = (await readKeySecret()).data['key-1'] ?? ''
      await bringValue(JSON.stringify({ 'key-1': own, primary: encode('key-1') }))
      await bringValue(JSON.stringify({ 'key-2': makeKey(), primary: encode('key-2') }))
      expect(Object.keys((await readKeySecret()).data).sort()).toEqual([
        'audit-key',
        'key-1',
        'key-2',
        'primary',
      ])
    })

    test('the wait ends with the Secret, and an error has the reason of the controller', async () => {
      await expect(waitForExternalSecret(keySecret, 0)).rejects.toThrow(
        'check that its controller runs',
      )
      await reportReadiness('False', 'could not get secret data from provider')
      await expect(waitForExternalSecret(keySecret, 0)).rejects.toThrow('could not get secret data')
      await bringValue(JSON.stringify({ 'key-1': makeKey(), primary: encode('key-1') }))
      await reportReadiness('True', 'secret synced')
      await waitForExternalSecret(keySecret)
    })

    test('the wait accepts the existing Secret if the key manager does not answer', async () => {
      await bringValue(JSON.stringify({ 'key-1': makeKey(), primary: encode('key-1') }))
      await reportReadiness('False', 'could not get secret data from provider')
      const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
      await waitForExternalSecret(keySecret, 0)
      expect(said).toHaveBeenCalledWith(expect.stringContaining('which stays: could not get'))
      said.mockRestore()
    })

    test('a rotation at the manager reaches the Secret, and make deploy and rotate-key leave it alone', async () => {
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
        await checkExternalSecrets([])
        expect(await ensureKey()).toBe(false)
        expect(() => readRotationState(secret)).toThrow('is written by External Secrets')
      }
      const [owner] = (await readKeySecret()).metadata.ownerReferences ?? []
      expect(owner).toMatchObject({ kind: 'ExternalSecret', name: keySecret })
    })

    test.each([
      ['invalid base64', { 'key-1': makeKey(), primary: 'key-1' }],
      ['a number', { 'key-1': 1, primary: encode('key-1') }],
    ])('%s at the manager changes nothing', async (_, value) => {
      const good = { 'key-1': makeKey(), primary: encode('key-1') }
      await bringValue(JSON.stringify(good))
      await expect(bringValue(JSON.stringify(value))).rejects.toThrow()
      expect((await readKeySecret()).data).toEqual(good)
    })
  })
})
