// What a key for each consumer costs: the start and the memory of a signer that has signed a message for each of many consumers, beside
// one that has signed as many with a raw key.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readMemoryMib } from '../memory.ts'
import type { Keep } from './local-subjects.ts'
import { median } from './measure.ts'
import type { Memory } from './report.ts'
import { setUpSigner, startShipped } from './signer-subjects.ts'
import { type Generate, message, USUAL } from './subject.ts'
import { listConsumers } from './variants/consumers.ts'

const ROUNDS = 3
/** Requests that are written before they are sent. A pairing signature is valid for a minute. */
const GROUP = 10_000
const LONGEST_SECONDS = 50

const forms = [
  {
    name: 'signer, 100,000 messages with a raw key',
    make: (consumer: string) => ({ message: message + consumer }),
  },
  {
    name: 'signer, webhooks for 100,000 consumers',
    make: (consumer: string) => ({ body: message, consumer }),
  },
]

/** Starts a new signer for each form and round. Returns the medians of each form. */
export async function measureConsumers(
  folder: string,
  keep: Keep,
  generate: Generate,
): Promise<Memory[]> {
  const rounds: Memory[][] = []
  for (let round = 0; round < ROUNDS; round++) {
    const found: Memory[] = []
    for (const [index, form] of forms.entries()) {
      const own = join(folder, `memory-${round}-${index}`)
      found.push(await measureForm(form, own, keep, generate))
    }
    rounds.push(found)
  }
  return forms.map(({ name }, index) => {
    const read = (field: 'readyMs' | 'idleMib' | 'afterMib') =>
      median(rounds.map((each) => each[index]?.[field] ?? Number.NaN))
    return { name, readyMs: read('readyMs'), idleMib: read('idleMib'), afterMib: read('afterMib') }
  })
}

async function measureForm(
  { name, make }: (typeof forms)[number],
  folder: string,
  keep: Keep,
  generate: Generate,
): Promise<Memory> {
  await mkdir(folder)
  const signer = await startShipped(await setUpSigner(folder), join(folder, 'signer.log'))
  const { readyMs, pid, stop } = keep(signer.started)
  const idleMib = await readMemoryMib(pid, 'VmRSS')
  for (const consumers of listConsumers(GROUP)) {
    const bytes = consumers.map((each) => signer.write('/sign', make(each)))
    const load = { address: signer.address, bytes, connections: USUAL, seconds: LONGEST_SECONDS }
    const { served } = await generate({ ...load, requests: GROUP })
    if (served !== GROUP) throw new Error(`${name}: ${served} of ${GROUP} requests were served`)
  }
  const afterMib = await readMemoryMib(pid, 'VmRSS')
  stop()
  return { name, readyMs, idleMib, afterMib }
}
