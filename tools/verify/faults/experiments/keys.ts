// Attack 29: changes of the key's Secret: rotated by the program that operators use, and changed by hand with mistakes.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CHECKOUT } from '../../../cli/checkout.ts'
import { run as runProgram } from '../../../cli/exec.ts'
import { readCounter } from '../../attack/counters.ts'
import { findTarget } from '../../attack/target.ts'
import { waitFor } from '../../attack/wait.ts'
import type { Experiment } from '../experiment.ts'
import { deleteSecret, saveSecret, writeEntries } from '../support/key-secret.ts'
import { KEYS_MS } from '../support/timeouts.ts'

const program = join(CHECKOUT, 'tools/deploy/rotate-key.ts')
const SWAPS = 5

export const keyRotation: Experiment = {
  id: 'key-rotation',
  title: 'make rotate-key, old key retired at once',
  attack: '30',
  replicas: 2,
  sources: ['public', 'frontend'],
  bounds: { failed: 0 },
  atLeast: 20_000,
  isRecorded: true,
  run: async ({ isEnough, rememberKeys }) => {
    let count = 0
    do {
      await runProgram(process.execPath, [program], { env: { ...process.env, OVERLAP: '0s' } })
      await rememberKeys()
      count += 1
    } while (!isEnough())
    return `Rotations: ${count}`
  },
}

export const secretSwaps: Experiment = {
  id: 'secret-swaps',
  title: `Secret replaced ${SWAPS} times, made invalid, deleted, restored`,
  attack: '30',
  replicas: 1,
  sources: ['public', 'frontend'],
  bounds: { failed: 0 },
  run: async ({ isShort, rememberKeys }) => {
    const restore = await saveSecret()
    let loaded = 0
    try {
      for (let count = 1; count <= SWAPS; count++) {
        const id = `swapped-${count}`
        await writeEntries({ [id]: randomBytes(32), primary: Buffer.from(id) })
        await rememberKeys()
        await sleep(isShort ? 1_000 : 60_000 / SWAPS)
      }
      const before = await countLoads('refused')
      await writeEntries({ bad: Buffer.from('short') })
      await waitFor(
        async () => (await countLoads('refused')) > before || undefined,
        KEYS_MS,
        () => 'the signer did not refuse the bad key',
      )
      await deleteSecret()
      await sleep(isShort ? 2_000 : 30_000)
      // Counted before the old keys are restored, because the signer may load them at once.
      loaded = await countLoads('loaded')
    } finally {
      await restore()
    }
    await waitFor(
      async () => (await countLoads('loaded')) > loaded || undefined,
      KEYS_MS,
      () => 'the signer did not load the old keys again',
    )
    return 'The invalid key was refused and counted'
  },
}

/** How often the signer has loaded or refused its key folder. */
async function countLoads(result: 'loaded' | 'refused'): Promise<number> {
  return readCounter(await findTarget(), 'signer_key_loads_total', `result="${result}"`)
}
