// The API server's own key is rotated while clients send 200 requests a second. No request fails.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { tryRun } from '../../tools/cli/exec.ts'
import { readKeys } from '../../tools/deploy/keys/hmac-key.ts'
import { readTokenPolicy } from '../../tools/deploy/token-keys/token-policy.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { rates } from '../../tools/verify/faults/experiment.ts'
import { startLoad } from '../../tools/verify/faults/load/start-load.ts'
import { checkSignatures, summarize } from '../../tools/verify/faults/summarize.ts'
import { findPod } from '../../tools/verify/faults/support/pods.ts'
import { locateCredentials } from '../../tools/verify/faults/support/volumes.ts'
import { deploy } from '../support/cluster/deployment.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { renewTokens, rotateApiServerKey, saveApiServerKey } from './support/api-server-key.ts'
import { expectAlert, listFrontends, scale, waitForRefusal } from './support/frontend.ts'
import {
  countFetches,
  FETCH_SECONDS,
  hideKeys,
  letIstiodFetch,
  publishKeys,
  restartIstiod,
  tokenKeysUri,
} from './support/istiod.ts'
import { readKid } from './support/kid.ts'

const renewer = join(CHECKOUT, 'tools/deploy/renew-token-keys.ts')
const RENEWAL_MS = 120_000
const SETTLE_MS = 5_000

async function renew(DRY_RUN: string) {
  const env = { ...process.env, DRY_RUN }
  const { code, stdout } = await tryRun('node', [renewer], { env, timeoutMs: 60_000 })
  return { code, stdout }
}

/** Sends requests through the gateway until the returned function is called, which expects that none failed. */
async function startClients() {
  const url = process.env.GATEWAY_URL ?? ''
  const load = await startLoad({ spec: { kind: 'public', url }, perSecond: rates.public })
  const start = Date.now()
  onTestFinished(() => void load.stop())
  return async (what: string) => {
    await sleep(SETTLE_MS)
    const samples = checkSignatures(await load.stop(), await readKeys())
    const { requests, perSecond, failed, how, longestGapMs } = summarize(samples, start)
    console.log(
      `${what}: ${requests} requests, ${perSecond.toFixed(0)}/s, ${failed} failed, longest gap ${longestGapMs} ms`,
    )
    expect({ failed, how }).toEqual({ failed: 0, how: {} })
    expect(requests).toBeGreaterThan(1_000)
  }
}

/** Rotates the API server's key, and has kubelet write a token of the new one. Returns the Pod's name. */
async function rotate(): Promise<string> {
  const { tokenFile } = await locateCredentials(await findPod())
  const before = await readKid(tokenFile)
  await rotateApiServerKey()
  await renewTokens()
  await waitFor(
    async () => (await readKid(tokenFile)) !== before || undefined,
    RENEWAL_MS,
    () => 'kubelet wrote no token of the new key',
  )
  const [pod = ''] = (await listFrontends()).keys()
  return pod
}

describe('a rotation of the key of the API server', needsLocalCluster, () => {
  let restoreKey: () => Promise<void>

  beforeAll(async () => {
    restoreKey = await saveApiServerKey()
  })
  afterAll(async () => {
    await restoreKey()
    await deploy({ TOKEN_KEYS: '', COMPONENTS: '' })
  })

  describe('with inline keys', () => {
    beforeEach(() => deploy({ TOKEN_KEYS: 'inline', COMPONENTS: '' }))

    test('raises an alert while every request is signed, and one command ends it', async () => {
      const stop = await startClients()
      const pod = await rotate()
      const refusedMs = await waitForRefusal(pod, true)
      await expectAlert(pod, true)
      expect(await renew('yes')).toMatchObject({ code: 1 })
      // A new Pod has no other token.
      await scale(2)
      await waitFor(
        async () => ((await listFrontends()).size === 2 ? true : undefined),
        RENEWAL_MS,
        () => 'no second Pod',
      )
      await sleep(20_000)
      const ready = await listFrontends()
      expect([ready.get(pod), ready.size]).toEqual([true, 2])
      expect([...ready.values()].filter(Boolean)).toHaveLength(1)
      expect(await renew('')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^renewed: added /),
      })
      const acceptedMs = await waitForRefusal(pod, false)
      await expectAlert(pod, false)
      expect(await renew('yes')).toMatchObject({ code: 0 })
      await waitFor(
        async () => [...(await listFrontends()).values()].every(Boolean) || undefined,
        RENEWAL_MS,
        () => 'the new Pod is not ready after the renewal',
      )
      await scale(1)
      await stop(
        `inline keys: metric after ${refusedMs} ms, gone ${acceptedMs} ms after the command`,
      )
    })
  })

  describe('with keys that istiod fetches', () => {
    let undo: () => Promise<void>
    beforeAll(async () => {
      undo = await letIstiodFetch()
      await deploy({ TOKEN_KEYS: tokenKeysUri, COMPONENTS: '' })
    })
    afterAll(() => undo())

    test('needs no hand', async () => {
      const stop = await startClients()
      const pod = await rotate()
      const missing = await renew('yes')
      const acceptedMs = await waitForRefusal(pod, false)
      // The inline keys lack the new one, so the token is valid by the keys that istiod fetched.
      expect(missing).toMatchObject({ code: 1 })
      await sleep(FETCH_SECONDS * 1_000)
      await waitForRefusal(pod, false)
      expect((await countFetches()).succeeded).toBeGreaterThan(0)
      await stop(`fetched keys: accepted ${acceptedMs} ms after the new token`)
    })

    test('an istiod that starts while the keys are out of reach changes nothing', async () => {
      expect(await renew('')).toMatchObject({ code: 0 })
      const stop = await startClients()
      await hideKeys()
      await restartIstiod()
      await waitFor(
        async () => (await countFetches()).failed >= 8 || undefined,
        RENEWAL_MS,
        () => 'istiod counts no failure',
      )
      const [pod = ''] = (await listFrontends()).keys()
      await waitForRefusal(pod, false)
      await publishKeys()
      await stop('istiod restarted without the keys')
      expect((await readTokenPolicy())?.uri).toBe(tokenKeysUri)
    })
  })
})
