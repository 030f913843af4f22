// The value in the manager as JSON, and every key that was ever in it.
import { z } from 'zod'
import { makeKey } from '../../../tools/deploy/keys/key-forms.ts'
import type { KeyManager } from './key-manager.ts'

const schema = z.record(z.string(), z.base64())
/** Key ids with their bytes in base64, and `primary`. */
type Entries = Record<string, string>

export type Value = {
  keys: ReadonlyMap<string, Uint8Array>
  read: () => Promise<Entries>
  write: (entries: Entries) => Promise<void>
  /** Adds a key with a new id, and returns the id. */
  addKey: () => Promise<string>
}

export function createValue(manager: KeyManager): Value {
  const keys = new Map<string, Uint8Array>()
  let nextKey = 3
  const read = async () => {
    const { primary, ...rest } = schema.parse(JSON.parse(await manager.read()))
    for (const [id, text] of Object.entries(rest)) keys.set(id, Buffer.from(text, 'base64'))
    return { ...rest, ...(primary !== undefined && { primary }) }
  }
  const write = (entries: Entries) => manager.write(JSON.stringify(entries))
  return {
    ...{ keys, read, write },
    addKey: async () => {
      const id = `key-${nextKey++}`
      await write({ ...(await read()), [id]: makeKey() })
      await read()
      return id
    },
  }
}

export function encode(text: string): string {
  return Buffer.from(text).toString('base64')
}
