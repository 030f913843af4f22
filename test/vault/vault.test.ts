// Keys in a real Vault change without a lost request, and the last good ones stay while Vault fails.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isKeyInSecret } from '../../tools/deploy/keys/key-source.ts'
import { exists, kubectl } from '../../tools/kube/kubectl.ts'
import { deployment, keySecret, namespace, serviceAccount } from '../../tools/kube/names.ts'
import { PKI } from '../../tools/local-cluster/paths.ts'
import { buildVault } from '../../tools/local-cluster/programs/programs.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { deleteSecret } from '../../tools/verify/faults/support/key-secret.ts'
import { requireLocalCluster, requireNode } from '../../tools/verify/faults/support/node.ts'
import { countRestarts, ensurePods } from '../../tools/verify/faults/support/pods.ts'
import { KEYS_MS } from '../../tools/verify/faults/support/timeouts.ts'
import { waitForLine } from '../support/cluster/container-log.ts'
import { deploy, saveDeployment } from '../support/cluster/deployment.ts'
import { readAge, readReports, underLoad, waitForKeys } from '../support/cluster/signing.ts'
import { provideTestImage } from '../support/images/images.ts'
import { COMPILE_MS, EFFECT_MS } from '../support/timeouts.ts'
import { testEgress } from './support/egress-tests.ts'
import {
  dataPath,
  deleteVersion,
  grant,
  namePrimary,
  prepareVault,
  putKey,
  revoke,
} from './support/grant.ts'
import { testIdentities } from './support/identity-tests.ts'
import { startVault, type Vault } from './support/vault-server.ts'

/** Vault is asked every 15 s, so keys that it has just confirmed are not older. */
const FRESH_MS = 25_000
/** A Pod that can become ready does so within this time. */
const NOT_READY_MS = 20_000
const keys = new Map<string, Uint8Array>()
let vault: Vault
let putBack: (() => Promise<void>) | undefined

beforeAll(async () => {
  requireLocalCluster()
  const image = await provideTestImage(await requireNode(), 'vault', { VAULT: await buildVault() })
  vault = await startVault(image)
  await prepareVault(vault)
  await grant(vault)
  await putKey(vault, keys)
  putBack = await saveDeployment(/^(secure-signing-)?vault/)
  await deleteSecret()
  await deploy({
    COMPONENTS: 'vault',
    VAULT_ADDR: `https://${vault.place.host}:${vault.place.port}`,
    VAULT_CACERT: join(PKI, 'ca.crt'),
    VAULT_IMAGE: image,
  })
}, COMPILE_MS)
afterAll(async () => {
  await putBack?.()
  await vault?.stop()
})

test('signs with the version that Vault has, and there is no Secret', async () => {
  expect(await exists(['secret', keySecret, '-n', namespace])).toBe(false)
  expect(await isKeyInSecret()).toBe(false)
  // The Pod before it serves for a while yet.
  await waitForKeys({ every: 'signs with', id: 'v1' })
  expect(await underLoad('at rest', keys, async () => {})).toMatchObject({ failed: 0 })
})

test('the frontend sees neither the key nor the token', async () => {
  const { frontend } = await findTarget()
  const target = ['exec', '-n', namespace, frontend.pod, '-c', 'frontend', '--']
  const script = '["/run/key", "/run/vault"].filter((each) => fs.existsSync(each)).length'
  expect((await kubectl([...target, '/nodejs/bin/node', '-p', script])).trim()).toBe('0')
})

test('a new version is signed with, without a restart or a lost request', async () => {
  const summary = await underLoad('rotated', keys, async () => {
    await putKey(vault, keys)
    await waitForKeys({ every: 'signs with', id: 'v2' }, { every: 'holds', id: 'v1' })
  })
  expect(summary).toMatchObject({ failed: 0 })
  expect(await countRestarts()).toBe(0)
})

test('a version that is named signs, so that a new one is everywhere before it does', async () => {
  const summary = await underLoad('rotated in two steps', keys, async () => {
    await namePrimary(vault, 2)
    await putKey(vault, keys)
    await waitForKeys({ every: 'holds', id: 'v3' }, { every: 'signs with', id: 'v2' })
    await namePrimary(vault, undefined)
    await waitForKeys({ every: 'signs with', id: 'v3' })
  })
  expect(summary).toMatchObject({ failed: 0 })
})

test('a version that is deleted is dropped', async () => {
  const summary = await underLoad('retired', keys, async () => {
    await deleteVersion(vault, 1)
    await waitForKeys({ every: 'has dropped', id: 'v1' }, { every: 'signs with', id: 'v3' })
  })
  expect(summary).toMatchObject({ failed: 0 })
})

test('a version without a key is not taken, and the last good ones go on', async () => {
  const start = new Date()
  const summary = await underLoad('a bad version', keys, async () => {
    await vault.ask('POST', dataPath, { data: { other: 'x' } })
    console.info(await waitForLine('signer', /keys_refused/, start))
    await deleteVersion(vault, 4)
    await waitForLine('signer', /keys_loaded/, start)
  })
  expect(summary).toMatchObject({ failed: 0 })
  expect(await readReports()).toMatchObject([{ keys: { primary: 'v3' } }])
})

testIdentities(() => vault)
testEgress(() => vault)

test("Vault's audit log has each read, by whom, and no key", async () => {
  const log = await waitFor(
    async () => {
      const found = await vault.readLog()
      return found.includes('"path":"auth/token/renew-self"') ? found : undefined
    },
    EFFECT_MS,
    () => 'the agent does not renew its token',
  )
  const reads = log.split('\n').filter((line) => line.includes(`"path":"${dataPath}"`))
  const ours = reads.filter((line) => line.includes(`"service_account_name":"${serviceAccount}"`))
  expect(ours).not.toEqual([])
  for (const key of keys.values()) expect(log).not.toContain(Buffer.from(key).toString('base64'))
})

test('with a policy for something else the last good keys go on, and the log says so', async () => {
  const start = new Date()
  const summary = await underLoad('wrong policy', keys, async () => {
    await grant(vault, 'path "kv/data/other" { capabilities = ["read"] }')
    console.info(await waitForLine('vault-agent', /permission denied/, start))
    await grant(vault)
    const id = await putKey(vault, keys)
    await waitForKeys({ every: 'signs with', id })
  })
  expect(summary).toMatchObject({ failed: 0 })
})

test('while Vault is away the last good keys go on, and no new Pod starts', async () => {
  const start = new Date()
  expect(await readAge()).toBeLessThan(FRESH_MS)
  const summary = await underLoad('Vault killed, then sealed, then back', keys, async () => {
    await vault.kill()
    console.info(await waitForLine('vault-agent', /connection re|EOF|sealed|503/, start))
    await waitFor(
      async () => (await readAge()) > FRESH_MS || undefined,
      KEYS_MS,
      () => 'the keys are still said to be confirmed',
    )
    await expectNoNewPod()
    await vault.unseal()
    const id = await putKey(vault, keys)
    await waitForKeys({ every: 'signs with', id })
  })
  expect(summary).toMatchObject({ failed: 0 })
  expect(await countRestarts()).toBe(0)
  await ensurePods(1)
  expect(await readAge()).toBeLessThan(FRESH_MS)
})

test('with the right taken back the last good keys go on, and no new Pod starts', async () => {
  const start = new Date()
  const summary = await underLoad('revoked', keys, async () => {
    await revoke(vault)
    console.info(await waitForLine('vault-agent', /error authenticating/, start))
    await expectNoNewPod()
    await grant(vault)
    const id = await putKey(vault, keys)
    await waitForKeys({ every: 'signs with', id })
  })
  expect(summary).toMatchObject({ failed: 0 })
  await ensurePods(1)
})

async function expectNoNewPod(): Promise<void> {
  await kubectl(['scale', `deployment/${deployment}`, '-n', namespace, '--replicas=2'])
  await sleep(NOT_READY_MS)
  const path = 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}'
  const args = ['get', 'pods', '-n', namespace, '-l', `app=${deployment}`, '-o', path]
  expect((await kubectl(args)).split(' ').toSorted()).toEqual(['False', 'True'])
}
