// While Vault refuses or is away, the signer keeps its keys. Afterwards changes arrive without help.
import { expect, test } from 'vitest'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { countRestarts } from '../../../tools/verify/faults/support/pods.ts'
import { waitForLine } from '../../support/cluster/container-log.ts'
import { readAge, underLoad } from '../../support/cluster/signing.ts'
import { timed } from '../../support/timed.ts'
import { OUTAGE_MS } from '../../support/timeouts.ts'
import { grant, revoke } from './grant.ts'
import { expectNoNewPod, withOnePodAfter } from './second-pod.ts'
import type { Vault } from './vault-server.ts'

/** The agent asks Vault every 15 s, so keys that Vault has just confirmed are not older. */
const FRESH_MS = 25_000
/** docs/key-managers.md has operators alert on older keys. */
const ALERT_AGE_MS = 120_000

export type OutageSettings = {
  load: () => Vault
  keys: ReadonlyMap<string, Uint8Array>
  /** Writes a new version, and waits until every Pod signs with it. */
  replaceKey: () => Promise<unknown>
}

export function testOutages({ load, keys, replaceKey }: OutageSettings): void {
  test('with a policy for another secret the signer keeps its keys, and the agent logs the reason', async () => {
    const start = new Date()
    const summary = await underLoad('wrong policy', keys, async () => {
      await grant(load(), 'path "kv/data/other" { capabilities = ["read"] }')
      try {
        console.info(await waitForLine('vault-agent', /permission denied/, start))
      } finally {
        await grant(load())
      }
      await replaceKey()
    })
    expect(summary).toMatchObject({ failed: 0 })
  })

  test('while Vault is down the signer keeps its keys, the alert is true and a new Pod does not become ready', {
    timeout: OUTAGE_MS,
  }, async () => {
    const start = new Date()
    await waitForAge((age) => age < FRESH_MS)
    const restarts = await countRestarts()
    await withOnePodAfter(async () => {
      const summary = await underLoad('Vault killed, then sealed, then back', keys, async () => {
        await load().kill()
        try {
          await timed('Vault away: the alert is true', async () => {
            console.info(await waitForLine('vault-agent', /connection re|EOF|sealed|503/, start))
            await waitForAge((age) => age > ALERT_AGE_MS)
          })
          await expectNoNewPod(/authenticating/)
        } finally {
          await load().unseal()
        }
        await timed('Vault back: every signer signs with a new version', replaceKey)
      })
      expect(summary).toMatchObject({ failed: 0 })
      expect(await countRestarts()).toBe(restarts)
    })
    expect(await readAge()).toBeLessThan(FRESH_MS)
  })

  test('with the right revoked the signer keeps its keys, and a new Pod does not become ready', async () => {
    const start = new Date()
    await withOnePodAfter(async () => {
      const summary = await underLoad('revoked', keys, async () => {
        await revoke(load())
        try {
          await timed('revoked: the agent logs it', () =>
            waitForLine('vault-agent', /error authenticating/, start),
          )
          await expectNoNewPod(/error authenticating/)
        } finally {
          await grant(load())
        }
        await timed('granted: every signer signs with a new version', replaceKey)
      })
      expect(summary).toMatchObject({ failed: 0 })
    })
  })
}

/** Waits until the signer's keys are as old as wanted, since Vault has confirmed them. */
async function waitForAge(isWanted: (ms: number) => boolean): Promise<void> {
  let age = 0
  await waitFor(
    async () => {
      age = await readAge()
      return isWanted(age) || undefined
    },
    OUTAGE_MS,
    () => `Vault has confirmed the keys ${age} ms ago`,
  )
}
