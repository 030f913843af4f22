// Attack 29: the Secret is moved to External Secrets, and then rotated there in the three steps of docs/key-managers.md.
import { makeKey } from '../../../deploy/keys/key-forms.ts'
import { readKeySecret } from '../../../deploy/keys/key-secret.ts'
import { readRotationState } from '../../../deploy/rotation/rotation-state.ts'
import type { Experiment } from '../experiment.ts'
import { bringValue } from '../support/external-secrets-controller.ts'
import { createExternalSecret, waitUntilPods } from '../support/key-manager.ts'
import { deleteSecret } from '../support/key-secret.ts'

const encode = (text: string) => Buffer.from(text).toString('base64')

export const keyFromManager: Experiment = {
  id: 'key-from-manager',
  title: 'Secret moved to External Secrets and rotated there',
  attack: '30',
  replicas: 2,
  sources: ['public', 'frontend'],
  bounds: { failed: 0 },
  atLeast: 20_000,
  prepare: createExternalSecret,
  run: async ({ isEnough, rememberKeys }) => {
    const secret = await readKeySecret()
    let { primary } = readRotationState(secret)
    let value = { ...secret.data, primary: encode(primary) }
    const write = (next: Record<string, string>) => bringValue(JSON.stringify(next))
    await deleteSecret()
    await write(value)
    let count = 0
    do {
      count += 1
      const next = `managed-${count}`
      await write({ ...value, [next]: makeKey() })
      await rememberKeys()
      await waitUntilPods({ every: 'holds', id: next })
      const { data } = await readKeySecret()
      await write({ ...data, primary: encode(next) })
      await waitUntilPods({ every: 'signs with', id: next })
      const { [primary]: _, ...rest } = data
      value = { ...rest, primary: encode(next) }
      await write(value)
      await waitUntilPods({ every: 'has dropped', id: primary })
      primary = next
    } while (!isEnough())
    return `Moved, then rotated ${count} times`
  },
}
