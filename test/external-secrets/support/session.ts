// A manager, the controller that reads it, and the deployment that signs with its key. All of it goes after the tests.
import { expect, vi } from 'vitest'
import { readKeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import type { Condition } from '../../../tools/deploy/rotation/pod-condition.ts'
import { exists } from '../../../tools/kube/kubectl.ts'
import { requireLocalCluster } from '../../../tools/verify/faults/support/node.ts'
import { saveDeployment } from '../../support/cluster/deployment.ts'
import { waitForKeys } from '../../support/cluster/signing.ts'
import { EFFECT_MS } from '../../support/timeouts.ts'
import { deployWith } from './deploy-with.ts'
import { deleteExternalSecret, forceSync } from './external-secret.ts'
import { install } from './installation.ts'
import type { KeyManager } from './key-manager.ts'
import { type Operator, startOperator } from './operator.ts'
import { createValue, type Value } from './value.ts'
import { findExternalSecrets } from './version.ts'

export type Session<M extends KeyManager = KeyManager> = {
  manager: M
  operator: Operator
  value: Value
  /** Waits for the manager's value in the Secret, then for `conditions` in every signer. Prints both times. */
  arrive: (title: string, ...conditions: Condition[]) => Promise<{ inSecretMs: number }>
  /** Adds a key in the manager, makes the operator read it, and waits until every signer holds it. */
  bringKey: (title: string) => Promise<void>
  /** Puts the first value into the manager, and waits until every Pod has its key alone. */
  startAgain: () => Promise<void>
  close: () => Promise<void>
}

export async function openSession<M extends KeyManager>(
  open: () => Promise<M>,
): Promise<Session<M>> {
  requireLocalCluster()
  await using undo = new AsyncDisposableStack()
  const folder = await findExternalSecrets()
  undo.defer(await install(folder))
  const manager = await open()
  undo.defer(manager.stop)
  await manager.runCommand('the first value')
  await manager.grant()
  const value = createValue(manager)
  const first = await value.read()
  const before = (await readKeySecret()).data
  undo.defer(await saveDeployment(/key-reader|^key-manager$|^hmac-key$/))
  const operator = await startOperator(folder, manager.env)
  undo.defer(operator.stop)
  undo.defer(deleteExternalSecret)
  await deployWith(manager)
  const all = undo.move()

  async function arrive(title: string, ...conditions: Condition[]) {
    const start = Date.now()
    await waitForSecret(await value.read())
    const inSecretMs = Date.now() - start
    await waitForKeys(...conditions)
    const ms = Date.now() - start
    console.info(`${title}: in the Secret after ${inSecretMs} ms, in every signer after ${ms} ms`)
    return { inSecretMs }
  }

  return {
    ...{ manager, operator, value, arrive },
    bringKey: async (title) => {
      const id = await value.addKey()
      await forceSync()
      await arrive(title, { every: 'holds', id })
    },
    startAgain: async () => {
      await value.write(first)
      await forceSync()
      const others = [...value.keys.keys()].filter((id) => id !== 'key-1')
      await waitForKeys(
        { every: 'signs with', id: 'key-1' },
        ...others.map((id) => ({ every: 'has dropped', id }) as const),
      )
    },
    close: async () => {
      await all.disposeAsync()
      expect((await readKeySecret()).data).toEqual(before)
      expect(await exists(['namespace', 'external-secrets'])).toBe(false)
    },
  }
}

function waitForSecret(entries: Record<string, string>): Promise<void> {
  const timeout = 2 * EFFECT_MS
  const isThere = async () => expect((await readKeySecret()).data).toEqual(entries)
  return vi.waitFor(isThere, { timeout, interval: 100 })
}
