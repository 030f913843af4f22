// A real External Secrets reads the key from AWS, which moto simulates. Faults at the manager leave the last good keys.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { makeKey } from '../../tools/deploy/keys/hmac-key.ts'
import { readKeySecret } from '../../tools/deploy/keys/key-secret.ts'
import { exists } from '../../tools/kube/kubectl.ts'
import { requireLocalCluster } from '../../tools/verify/faults/support/node.ts'
import { countRestarts, restartPods } from '../../tools/verify/faults/support/pods.ts'
import { waitForLine } from '../support/cluster/container-log.ts'
import { saveDeployment } from '../support/cluster/deployment.ts'
import { readReports, underLoad, waitForKeys } from '../support/cluster/signing.ts'
import { buildTestPrograms } from '../support/programs/programs.ts'
import { COMPILE_MS } from '../support/timeouts.ts'
import { type Account, openAccount } from './support/account.ts'
import { deployWithAws } from './support/deployed.ts'
import {
  failing,
  forceSync,
  readWarnings,
  retained,
  synced,
  syncUntil,
} from './support/external-secret.ts'
import { testIdentities } from './support/identity-tests.ts'
import { install } from './support/installation.ts'
import { fetchMoto } from './support/moto.ts'
import { type Operator, startOperator } from './support/operator.ts'

const entries = z.record(z.string(), z.base64())
const encode = (text: string) => Buffer.from(text).toString('base64')
const keys = new Map<string, Uint8Array>()
const undo = new AsyncDisposableStack()
let account: Account
let operator: Operator
let before: Record<string, string>

beforeAll(async () => {
  requireLocalCluster()
  const folder = await buildTestPrograms('external-secrets')
  undo.defer(await install(folder))
  account = await openAccount(await fetchMoto())
  undo.defer(account.stop)
  await account.grant()
  await account.runCommand('the first value')
  await readValue()
  before = (await readKeySecret()).data
  undo.defer(await saveDeployment(/key-reader|^key-manager$|^hmac-key$/))
  operator = await startOperator(folder, account.entrance.url)
  undo.defer(operator.stop)
  await deployWithAws()
}, COMPILE_MS)
afterAll(async () => {
  await undo.disposeAsync()
  expect((await readKeySecret()).data).toEqual(before)
  expect(await exists(['namespace', 'external-secrets'])).toBe(false)
})

test('make deploy makes no key and waits for the one that is brought, which signs', async () => {
  const { data, metadata } = await readKeySecret()
  expect(data).toEqual(await readValue())
  expect(metadata.ownerReferences).toMatchObject([{ kind: 'ExternalSecret', name: 'hmac-key' }])
  expect(await underLoad('at rest', keys, async () => {})).toMatchObject({ failed: 0 })
})

test('a rotation there, in its three steps, is one here, without a restart or a lost request', async () => {
  const summary = await underLoad('rotated', keys, async () => {
    await account.runCommand('1. add')
    await readValue()
    await forceSync()
    await waitForKeys({ every: 'holds', id: 'key-2' }, { every: 'signs with', id: 'key-1' })
    await account.runCommand('2. make it primary')
    await forceSync()
    await waitForKeys({ every: 'signs with', id: 'key-2' }, { every: 'holds', id: 'key-1' })
    await account.runCommand('3. retire')
    await forceSync()
    await waitForKeys({ every: 'has dropped', id: 'key-1' })
  })
  expect(summary).toMatchObject({ failed: 0 })
  expect(await countRestarts()).toBe(0)
})

test('a change there is brought by itself within the minute', async () => {
  const start = Date.now()
  await addKey('key-3')
  await waitForKeys({ every: 'holds', id: 'key-3' })
  console.info(`in every signer after ${Date.now() - start} ms`)
  expect(Date.now() - start).toBeLessThan(90_000)
})

test('what is no value leaves the Secret as it is, and the condition and the events say so', async () => {
  const good = await readValue()
  const start = new Date()
  const summary = await underLoad('bad values', keys, async () => {
    for (const [bad, outcome] of [
      [JSON.stringify({ ...good, primary: 'key-2' }), failing],
      ['no JSON', failing],
      ['{}', retained],
    ] as const) {
      await account.write(bad)
      await syncUntil(outcome)
      expect((await readKeySecret()).data).toEqual(good)
      expect(await readNotReady()).toBe(outcome === failing ? 1 : 0)
      await account.write(JSON.stringify(good))
      await syncUntil(synced)
    }
  })
  expect(summary).toMatchObject({ failed: 0 })
  const warnings = (await readWarnings(start)).join('\n')
  expect(warnings).toContain('failure decoding key primary: illegal base64 data')
  expect(warnings).toContain('unable to unmarshal secret')
})

test('a primary that names no key reaches the signer, which keeps its keys', async () => {
  const good = await readValue()
  const start = new Date()
  const summary = await underLoad('a wrong primary', keys, async () => {
    await account.write(JSON.stringify({ ...good, primary: encode('nobody') }))
    await forceSync()
    await waitForLine('signer', /keys_refused/, start)
    expect(await readReports()).toMatchObject([{ keys: { primary: 'key-2' } }])
    await account.write(JSON.stringify(good))
    await forceSync()
    await waitForLine('signer', /keys_loaded/, start)
  })
  expect(summary).toMatchObject({ failed: 0 })
})

test('with the right revoked the keys go on; granted again, the manager is followed again', async () => {
  const start = new Date()
  const good = await readValue()
  const summary = await underLoad('revoked', keys, async () => {
    await account.revoke()
    await syncUntil(failing)
    expect((await readKeySecret()).data).toEqual(good)
    await account.grant()
    await addKey('key-4')
    await forceSync()
    await waitForKeys({ every: 'holds', id: 'key-4' })
  })
  expect(summary).toMatchObject({ failed: 0 })
  // moto writes the reason in XML, which the SDK cannot read here.
  expect((await readWarnings(start)).join()).toContain('status code: 403')
})

test('while the manager is away the keys go on, new Pods start, and it is followed again', async () => {
  const start = new Date()
  const good = await readValue()
  const summary = await underLoad('the manager away', keys, async () => {
    await account.entrance.close()
    await syncUntil(failing)
    await restartPods()
    expect((await readKeySecret()).data).toEqual(good)
    await account.entrance.open()
    await addKey('key-5')
    await forceSync()
    await waitForKeys({ every: 'holds', id: 'key-5' })
  })
  expect(summary).toMatchObject({ failed: 0 })
  expect((await readWarnings(start)).join()).toContain('connection refused')
})

testIdentities(() => account)

test("External Secrets' log has each reading, and no key", () => {
  const log = operator.readLog()
  expect(log).toContain('"msg":"reconciled secret"')
  for (const key of keys.values()) expect(log).not.toContain(Buffer.from(key).toString('base64'))
})

/** Returns the manager's value, and adds its keys to `keys`. */
async function readValue(): Promise<Record<string, string>> {
  const { primary, ...rest } = entries.parse(JSON.parse(await account.read()))
  for (const [id, text] of Object.entries(rest)) keys.set(id, Buffer.from(text, 'base64'))
  return { ...rest, ...(primary !== undefined && { primary }) }
}

async function addKey(id: string): Promise<void> {
  await account.write(JSON.stringify({ ...(await readValue()), [id]: makeKey() }))
  await readValue()
}

async function readNotReady(): Promise<number> {
  const sample =
    /^externalsecret_status_condition\{condition="Ready",name="hmac-key",.*status="False"\} (\d)$/m
  return Number(sample.exec(await operator.readMetrics())?.[1])
}
