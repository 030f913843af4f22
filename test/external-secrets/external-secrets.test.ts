// A real External Secrets reads the key from AWS, which moto simulates. Faults at the manager leave the last good keys.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { makeKey } from '../../tools/deploy/keys/key-forms.ts'
import { readKeySecret } from '../../tools/deploy/keys/key-secret.ts'
import { exists } from '../../tools/kube/kubectl.ts'
import { requireLocalCluster } from '../../tools/verify/faults/support/node.ts'
import { countRestarts, restartPods } from '../../tools/verify/faults/support/pods.ts'
import { waitForLine } from '../support/cluster/container-log.ts'
import { saveDeployment } from '../support/cluster/deployment.ts'
import { readPrimary, readReports, underLoad, waitForKeys } from '../support/cluster/signing.ts'
import { testFreeze } from '../support/freeze/freeze-tests.ts'
import { buildTestPrograms } from '../support/programs/programs.ts'
import { COMPILE_MS, EFFECT_MS } from '../support/timeouts.ts'
import { testWebhookForm } from '../support/webhooks/webhook-form.ts'
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
/** The first value in the manager. It has one key, key-1. */
let first: Record<string, string>
let nextKey = 3

beforeAll(async () => {
  requireLocalCluster()
  const folder = await buildTestPrograms('external-secrets')
  undo.defer(await install(folder))
  account = await openAccount(await fetchMoto())
  undo.defer(account.stop)
  await account.grant()
  await account.runCommand('the first value')
  first = await readValue()
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

test('after make deploy the key from the manager signs, and External Secrets owns the Secret', async () => {
  const value = await readValue()
  await vi.waitFor(async () => expect((await readKeySecret()).data).toEqual(value), EFFECT_MS)
  const { metadata } = await readKeySecret()
  expect(metadata.ownerReferences).toMatchObject([{ kind: 'ExternalSecret', name: 'hmac-key' }])
  expect(await underLoad('at rest', keys, async () => {})).toMatchObject({ failed: 0 })
})

test('the three commands of a rotation replace the key without a restart or a failed request', async () => {
  await startWithFirst()
  const restarts = await countRestarts()
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
  expect(await countRestarts()).toBe(restarts)
})

test('External Secrets brings a change by itself within the minute', async () => {
  const start = Date.now()
  const id = await addKey()
  await waitForKeys({ every: 'holds', id })
  console.info(`in every signer after ${Date.now() - start} ms`)
  expect(Date.now() - start).toBeLessThan(90_000)
})

test('an invalid value leaves the Secret as it is, and condition and events report it', async () => {
  const good = await readValue()
  const start = new Date()
  const summary = await underLoad('bad values', keys, async () => {
    for (const [bad, outcome] of [
      [JSON.stringify({ ...good, primary: 'key-2' }), failing],
      ['no JSON', failing],
      ['{}', retained],
    ] as const) {
      await account.write(bad)
      try {
        await syncUntil(outcome)
        expect((await readKeySecret()).data).toEqual(good)
        expect(await readNotReady()).toBe(outcome === failing ? 1 : 0)
      } finally {
        await account.write(JSON.stringify(good))
        await syncUntil(synced)
      }
    }
  })
  expect(summary).toMatchObject({ failed: 0 })
  const warnings = (await readWarnings(start)).join('\n')
  expect(warnings).toContain('failure decoding key primary: illegal base64 data')
  expect(warnings).toContain('unable to unmarshal secret')
})

test('the signer refuses a primary that names no key, and keeps its keys', async () => {
  const good = await readValue()
  const primary = await readPrimary()
  const start = new Date()
  const summary = await underLoad('a wrong primary', keys, async () => {
    await account.write(JSON.stringify({ ...good, primary: encode('nobody') }))
    try {
      await forceSync()
      await waitForLine('signer', /keys_refused/, start)
      expect(await readReports()).toMatchObject([{ keys: { primary } }])
    } finally {
      await account.write(JSON.stringify(good))
      await forceSync()
    }
    await waitForLine('signer', /keys_loaded/, start)
  })
  expect(summary).toMatchObject({ failed: 0 })
})

test('with the right revoked the keys stay, and with the right granted again changes arrive', async () => {
  const start = new Date()
  const good = await readValue()
  const summary = await underLoad('revoked', keys, async () => {
    await account.revoke()
    try {
      await syncUntil(failing)
      expect((await readKeySecret()).data).toEqual(good)
    } finally {
      await account.grant()
    }
    const id = await addKey()
    await forceSync()
    await waitForKeys({ every: 'holds', id })
  })
  expect(summary).toMatchObject({ failed: 0 })
  // moto writes the reason in XML, which the SDK cannot read.
  expect((await readWarnings(start)).join()).toContain('status code: 403')
})

test('while the manager is down the keys stay and new Pods start, and afterwards changes arrive', async () => {
  const start = new Date()
  const good = await readValue()
  const summary = await underLoad('the manager down', keys, async () => {
    await account.entrance.close()
    try {
      await syncUntil(failing)
      await restartPods()
      expect((await readKeySecret()).data).toEqual(good)
    } finally {
      await account.entrance.open()
    }
    const id = await addKey()
    await forceSync()
    await waitForKeys({ every: 'holds', id })
  })
  expect(summary).toMatchObject({ failed: 0 })
  expect((await readWarnings(start)).join()).toContain('connection refused')
})

testFreeze({
  keys: async () => keys,
  writes: {
    'External Secrets writes the Secret': async () => {
      const id = await addKey()
      await forceSync()
      await waitForKeys({ every: 'holds', id })
    },
  },
})

testWebhookForm({
  makeStep: async (step) => {
    await account.runCommand(step)
    await forceSync()
  },
  readEntries: readValue,
  readRaw: readPrimary,
})

testIdentities(() => account)

test("External Secrets' log has each read, and no key", () => {
  const log = operator.readLog()
  expect(log).toContain('"msg":"reconciled secret"')
  for (const key of keys.values()) expect(log).not.toContain(Buffer.from(key).toString('base64'))
})

/** Puts the first value into the manager, and waits until every Pod has its key alone. */
async function startWithFirst(): Promise<void> {
  await account.write(JSON.stringify(first))
  await forceSync()
  const others = [...keys.keys()].filter((id) => id !== 'key-1')
  await waitForKeys(
    { every: 'signs with', id: 'key-1' },
    ...others.map((id) => ({ every: 'has dropped', id }) as const),
  )
}

/** Returns the value in the manager, and adds its keys to `keys`. */
async function readValue(): Promise<Record<string, string>> {
  const { primary, ...rest } = entries.parse(JSON.parse(await account.read()))
  for (const [id, text] of Object.entries(rest)) keys.set(id, Buffer.from(text, 'base64'))
  return { ...rest, ...(primary !== undefined && { primary }) }
}

/** Adds a key with a new id to the value in the manager, and returns the id. */
async function addKey(): Promise<string> {
  const id = `key-${nextKey++}`
  await account.write(JSON.stringify({ ...(await readValue()), [id]: makeKey() }))
  await readValue()
  return id
}

async function readNotReady(): Promise<number> {
  const sample =
    /^externalsecret_status_condition\{condition="Ready",name="hmac-key",.*status="False"\} (\d)$/m
  return Number(sample.exec(await operator.readMetrics())?.[1])
}
