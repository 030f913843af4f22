// The steps of a rotation in a key manager, whose value has an entry for each webhook key, and one for the name of the primary one.
import { randomBytes } from 'node:crypto'
import { toSecret } from './receivers.ts'
import type { Step } from './webhook-form.ts'

/** Entries in base64. The value undefined removes one. */
export type Entries = Record<string, string | undefined>

const encode = (text: string) => Buffer.from(text).toString('base64')

/** `write` changes these entries in the manager. Returns the steps, and what is to be tested: all keys that there have been. */
export function planRotation(write: (entries: Entries) => Promise<unknown>) {
  const keys = new Map([
    ['webhook-1', randomBytes(32)],
    ['webhook-2', randomBytes(32)],
  ])
  const add = (id: string) => ({ [id]: encode(toSecret(keys.get(id) ?? Buffer.alloc(0))) })
  const name = (id: string | undefined) => ({ 'webhook-primary': id && encode(id) })
  const step = (entries: Entries, ...ids: string[]): Step => ({ change: () => write(entries), ids })
  const steps = {
    'the first key': step(add('webhook-1'), 'webhook-1'),
    'the next key is added': step(
      { ...add('webhook-2'), ...name('webhook-1') },
      ...['webhook-1', 'webhook-2'],
    ),
    'the next key is the primary one': step(name('webhook-2'), 'webhook-2', 'webhook-1'),
    'the old key is retired': step({ 'webhook-1': undefined }, 'webhook-2'),
    'no key is left': step({ 'webhook-2': undefined, ...name(undefined) }),
  }
  return { readKeys: async () => keys, steps }
}
