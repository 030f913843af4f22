// All keys in one file, for whoever hands them over by renaming a file: a JSON object like a Secret's `data`, each entry in
// base64. What parsers say of broken text may quote it, so none of their words are passed on.
import * as z from 'zod/mini'
import { KeyRingError } from './key-ring.ts'

/** Base64, and the newline that tools put behind it. */
const entries = z.record(
  z.string(),
  z.string().check(z.regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*$/)),
)

/**
 * Returns entry → bytes, without those that are for the writer alone and begin with "..", as kubelet's own do in a
 * mounted Secret. Throws KeyRingError, which names the entry that is not in base64.
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
      ? 'the file with the keys is no JSON object: mend what writes it'
      : `key "${String(id)}" is not in base64: write it so where it is kept`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
