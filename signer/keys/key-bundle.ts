// Reads all keys from one file, which an agent replaces by renaming a new one over it. The file is a JSON object like a
// Secret's `data`, with each entry in base64. Errors never repeat a parser's message, because it may quote the file.
import * as z from 'zod/mini'
import { parseJson } from '../../runtime/json/parse-json.ts'
import { KeyRingError } from './key-ring.ts'

/** Base64, and the newline that tools append. */
const entries = z.record(
  z.string(),
  z.string().check(z.regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*$/)),
)

/**
 * Returns the bytes of each entry. Skips names that begin with "..", which belong to the writer of the file. Throws
 * KeyRingError, which names the entry that is not base64.
 */
export function parseKeyBundle(text: string): Map<string, Buffer> {
  const { data, error } = entries.safeParse(parseJson(text))
  if (data !== undefined) {
    const found = Object.entries(data).filter(([id]) => !id.startsWith('..'))
    return new Map(found.map(([id, value]) => [id, Buffer.from(value, 'base64')]))
  }
  const id = error.issues[0]?.path[0]
  throw new KeyRingError(
    id === undefined
      ? 'the key file is not a JSON object: fix the agent that writes it'
      : `key "${String(id)}" is not base64: store it as base64 in the key manager`,
  )
}
