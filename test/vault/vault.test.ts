// Keys in a real Vault change without a lost request, and the last good ones stay while Vault fails.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isKeyInSecret } from '../../tools/deploy/keys/key-source.ts'
import { exists, kubectl } from '../../tools/kube/kubectl.ts'
import { keySecret, namespace, serviceAccount } from '../../tools/kube/names.ts'
import { PKI } from '../../tools/local-cluster/paths.ts'
import { buildVault } from '../../tools/local-cluster/programs/programs.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { deleteSecret } from '../../tools/verify/faults/support/key-secret.ts'
import { requireLocalCluster, requireNode } from '../../tools/verify/faults/support/node.ts'
import { countRestarts } from '../../tools/verify/faults/support/pods.ts'
import { waitForLine } from '../support/cluster/container-log.ts'
import { deploy, saveDeployment } from '../support/cluster/deployment.ts'
import {
  ENOUGH,
  readPrimary,
  readReports,
  underLoad,
  waitForKeys,
} from '../support/cluster/signing.ts'
import { testFreeze } from '../support/freeze/freeze-tests.ts'
import { provideTestImage } from '../support/images/images.ts'
import { timed } from '../support/timed.ts'
import { COMPILE_MS, EFFECT_MS } from '../support/timeouts.ts'
import { testWebhookForm } from '../support/webhooks/webhook-form.ts'
import { waitForRecordBy } from './support/audit-records.ts'
import { testEgress } from './support/egress-tests.ts'
import {
  dataPath,
  deleteVersion,
  grant,
  namePrimary,
  prepareVault,
  putKey,
  putVersion,
} from './support/grant.ts'
import { testIdentities } from './support/identity-tests.ts'
import { testOutages } from './support/outage-tests.ts'
import { startVault, type Vault } from './support/vault-server.ts'
import { makeWebhookStep, readNewest } from './support/webhook-steps.ts'

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

test('every signer signs with the newest version in Vault, and there is no Secret', async () => {
  expect(await exists(['secret', keySecret, '-n', namespace])).toBe(false)
  expect(await isKeyInSecret()).toBe(false)
  await replaceKey()
  expect(await underLoad('at rest', keys, async () => {})).toMatchObject({ failed: 0 })
})

test('the frontend sees neither the key nor the token', async () => {
  const { frontend } = await findTarget()
  const target = ['exec', '-n', namespace, frontend.pod, '-c', 'frontend', '--']
  const script = '["/run/key", "/run/vault"].filter((each) => fs.existsSync(each)).length'
  expect((await kubectl([...target, '/nodejs/bin/node', '-p', script])).trim()).toBe('0')
})

test('a new version becomes the primary key without a restart or a failed request', async () => {
  const restarts = await countRestarts()
  const rotate = async () => {
    for (let count = 0; count < 3; count++) {
      const old = await readPrimary()
      const id = await putKey(vault, keys)
      await timed('a new version: every signer signs with it', () =>
        waitForKeys({ every: 'signs with', id }, { every: 'holds', id: old }),
      )
    }
  }
  const { requests, failed } = await underLoad('rotated', keys, rotate, ENOUGH)
  expect(failed).toBe(0)
  expect(requests).toBeGreaterThanOrEqual(ENOUGH)
  expect(await countRestarts()).toBe(restarts)
})

test('a named version stays the primary key until every Pod holds the new one', async () => {
  const old = await readPrimary()
  const summary = await underLoad('rotated in two steps', keys, async () => {
    let id: string
    await namePrimary(vault, old)
    try {
      id = await putKey(vault, keys)
      await waitForKeys({ every: 'holds', id }, { every: 'signs with', id: old })
    } finally {
      await namePrimary(vault)
    }
    await waitForKeys({ every: 'signs with', id })
  })
  expect(summary).toMatchObject({ failed: 0 })
})

test('every signer drops a deleted version', async () => {
  const old = await readPrimary()
  const id = await replaceKey()
  const summary = await underLoad('retired', keys, async () => {
    await deleteVersion(vault, old)
    await waitForKeys({ every: 'has dropped', id: old }, { every: 'signs with', id })
  })
  expect(summary).toMatchObject({ failed: 0 })
})

test('the signer refuses a version without a key, and keeps its keys', async () => {
  const start = new Date()
  const primary = await readPrimary()
  const summary = await underLoad('a bad version', keys, async () => {
    const bad = await putVersion(vault, { other: 'x' })
    try {
      console.info(await waitForLine('signer', /keys_refused/, start))
    } finally {
      await deleteVersion(vault, bad)
    }
    await waitForLine('signer', /keys_loaded/, start)
  })
  expect(summary).toMatchObject({ failed: 0 })
  expect(await readReports()).toMatchObject([{ keys: { primary } }])
})

test('the audit key is the newest in Vault, and a version with a signing key alone leaves it as it is', async () => {
  await waitForRecordBy()
  const first = await replaceAuditKey()
  await waitForRecordBy(first)
  await replaceKey()
  await waitForRecordBy(first)
  const second = await replaceAuditKey()
  await waitForRecordBy(second)
  for (const report of await readReports()) {
    expect(report).toMatchObject({ keys: { held: expect.not.arrayContaining(['audit-key']) } })
  }
})

testFreeze({ keys: async () => keys, writes: { 'a new version in Vault': replaceKey } })

testWebhookForm({
  makeStep: async (step) => {
    const id = await makeWebhookStep(vault, step)
    // Each version gives its raw key an id of its own, also if it is the same key.
    keys.set(id, Buffer.from((await readNewest(vault)).key ?? '', 'base64'))
    await waitForKeys({ every: 'signs with', id })
  },
  readEntries: () => readNewest(vault),
  readRaw: readPrimary,
})

testIdentities(() => vault)
testEgress(() => vault)

test("Vault's audit log has each read with its ServiceAccount, and no key", async () => {
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

testOutages({ load: () => vault, keys, replaceKey })

/** Writes a new version, and waits until every Pod signs with it. Returns its id. */
async function replaceKey(): Promise<string> {
  const id = await putKey(vault, keys)
  await waitForKeys({ every: 'signs with', id })
  return id
}

/** Writes a new version with an audit key, and waits until every Pod signs with it. Returns the audit key. */
async function replaceAuditKey(): Promise<Uint8Array> {
  const [key, auditKey] = [randomBytes(32), randomBytes(32)]
  const data = { key: key.toString('base64'), 'audit-key': auditKey.toString('base64') }
  const id = await putVersion(vault, data)
  keys.set(id, key)
  await waitForKeys({ every: 'signs with', id })
  return auditKey
}
