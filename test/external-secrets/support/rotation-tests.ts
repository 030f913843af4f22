// The key arrives from the manager, and changes there by the commands of docs/key-managers.md.
import { expect, test } from 'vitest'
import { readKeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import type { Condition } from '../../../tools/deploy/rotation/pod-condition.ts'
import { countRestarts } from '../../../tools/verify/faults/support/pods.ts'
import { KEYS_MS } from '../../../tools/verify/faults/support/timeouts.ts'
import { ENOUGH, underLoad } from '../../support/cluster/signing.ts'
import { forceSync, readAgain } from './external-secret.ts'
import type { Session } from './session.ts'

/** The page's steps, and what holds in every Pod after each. */
const steps: [title: string, ...Condition[]][] = [
  ['1. add', { every: 'holds', id: 'key-2' }, { every: 'signs with', id: 'key-1' }],
  ['2. make it primary', { every: 'signs with', id: 'key-2' }, { every: 'holds', id: 'key-1' }],
  ['3. retire', { every: 'has dropped', id: 'key-1' }],
]

export function testRotation(load: () => Session): void {
  test('after make deploy the key from the manager signs, and External Secrets owns the Secret', async () => {
    const { value, arrive } = load()
    await arrive('after make deploy', { every: 'signs with', id: 'key-1' })
    const { metadata } = await readKeySecret()
    expect(metadata.ownerReferences).toMatchObject([{ kind: 'ExternalSecret', name: 'hmac-key' }])
    // The component for Google changes no Pod, so the one that runs signs with the former key-1 until kubelet brings this one.
    const signed = () => underLoad('at rest', value.keys, async () => {})
    await expect.poll(signed, { timeout: KEYS_MS }).toMatchObject({ failed: 0 })
  })

  test('the three commands of a rotation replace the key without a restart or a failed request', async () => {
    const { manager, value, arrive, startAgain } = load()
    await startAgain()
    const restarts = await countRestarts()
    const rotate = async () => {
      for (const [title, ...conditions] of steps) {
        await manager.runCommand(title)
        await forceSync()
        await arrive(title, ...conditions)
      }
    }
    const { requests, failed } = await underLoad('rotated', value.keys, rotate, ENOUGH)
    expect(failed).toBe(0)
    expect(requests).toBeGreaterThanOrEqual(ENOUGH)
    expect(await countRestarts()).toBe(restarts)
  })

  test('External Secrets brings a change by itself within the minute', async () => {
    const { value, arrive } = load()
    await readAgain()
    const id = await value.addKey()
    const { inSecretMs } = await arrive('by itself', { every: 'holds', id })
    expect(inSecretMs).toBeLessThan(75_000)
  })
}
