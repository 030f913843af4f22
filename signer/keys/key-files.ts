// The key ring from a mounted Secret: each entry is a key, its name is the id, and `primary` names the one that signs. Or
// from one file with the same entries.
import { createSecretKey } from 'node:crypto'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { keyId } from '../../runtime/contract.ts'
import { parseKeyBundle } from './key-bundle.ts'
import { type Key, type KeyRing, KeyRingError } from './key-ring.ts'

/** 112 bits, the least that NIST SP 800-131A takes for an HMAC key. */
const MIN_KEY_BYTES = 14
/** SHA-256's output; shorter keys weaken the MAC (RFC 2104 section 3). */
const FULL_KEY_BYTES = 32
const PRIMARY = 'primary'
const remedy = 'write it with --from-literal or printf, which add none'

/** `shortKeys`: ids of keys that are taken, but should be longer. */
export type LoadedKeys = { ring: KeyRing; shortKeys: string[] }

/**
 * Reads every key in `folder`, or, if there is to be one, in the file `bundle` there and nowhere else. All or nothing:
 * one bad entry and KeyRingError is thrown.
 */
export async function loadKeyFiles(folder: string, bundle?: string): Promise<LoadedKeys> {
  const entries = await (bundle === undefined
    ? readEntries(folder)
    : readBundle(join(folder, bundle)))
  const keys = new Map<string, Key>()
  const shortKeys: string[] = []
  for (const [id, bytes] of entries) {
    if (id === PRIMARY) continue
    requireUsable(id, bytes)
    if (bytes.length < FULL_KEY_BYTES) shortKeys.push(id)
    keys.set(id, { id, material: createSecretKey(bytes) })
  }
  return { ring: { primary: findPrimary(keys, entries.get(PRIMARY)), keys }, shortKeys }
}

/** Tells one state of `folder` from another, without reading a key. Throws KeyRingError if it can't be read. */
export async function describeGeneration(folder: string, bundle?: string): Promise<string> {
  // Whoever writes the file has others beside it for a moment.
  if (bundle !== undefined) return explainMissing(() => describeFile(folder, bundle))
  return explainUnreadable(async () => {
    const generation = await resolveGeneration(folder)
    // A mounted Secret's generation has a name of its own; in a plain folder files are written over.
    const files = await Promise.all(
      (await readdir(generation)).sort().map((name) => describeFile(generation, name)),
    )
    return [generation, ...files].join('\n')
  })
}

async function describeFile(folder: string, name: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(join(folder, name))
  return `${name} ${size} ${mtimeMs} ${ino}`
}

async function readBundle(file: string): Promise<Map<string, Buffer>> {
  return parseKeyBundle(await explainMissing(() => readFile(file, 'utf8')))
}

async function explainMissing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw new KeyRingError(
      `the file with the keys cannot be read (${code}): see the log of what writes it`,
    )
  }
}

async function readEntries(folder: string): Promise<Map<string, Buffer>> {
  return explainUnreadable(async () => {
    const generation = await resolveGeneration(folder)
    const entries = new Map<string, Buffer>()
    for (const name of (await readdir(generation)).sort()) {
      const file = join(generation, name)
      if (name.startsWith('..') || !(await stat(file)).isFile()) continue
      entries.set(name, await readFile(file))
    }
    return entries
  })
}

async function explainUnreadable<T>(read: () => Promise<T>): Promise<T> {
  try {
    // A generation may be taken away while it is read, for there is a newer one.
    return await read().catch((error) => (error.code === 'ENOENT' ? read() : Promise.reject(error)))
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw new KeyRingError(`the key folder cannot be read (${code}): mount the Secret with the key`)
  }
}

// kubelet puts each state of a Secret into a folder of its own and swaps the link `..data`. Reading through the link
// could mix two states.
async function resolveGeneration(folder: string): Promise<string> {
  const names = await readdir(folder)
  return names.includes('..data') ? await realpath(join(folder, '..data')) : folder
}

function requireUsable(id: string, bytes: Buffer): void {
  if (!keyId.safeParse(id).success) {
    throw new KeyRingError('an entry has a name that no Secret can have: rename it')
  }
  if (bytes.length === 0) throw new KeyRingError(`key "${id}" is empty: give it a value`)
  if (endsInLineBreak(bytes)) throw new KeyRingError(`key "${id}" ends in a newline: ${remedy}`)
  if (bytes.length < MIN_KEY_BYTES) {
    throw new KeyRingError(
      `key "${id}" is under ${MIN_KEY_BYTES} bytes: make a longer one, e.g. openssl rand -hex 32`,
    )
  }
}

// One in 256 random keys ends in the byte 0x0a, and rightly so. A newline that a tool has added stands behind text.
function endsInLineBreak(bytes: Buffer): boolean {
  return bytes.at(-1) === 0x0a && /^[\x20-\x7e\t\r\n]*$/.test(bytes.toString('latin1'))
}

function findPrimary(keys: ReadonlyMap<string, Key>, entry: Buffer | undefined): Key {
  const ids = [...keys.keys()]
  const [only] = keys.values()
  if (only === undefined) {
    throw new KeyRingError(
      'the Secret has no key: add one, e.g. --from-literal=HMAC_KEY="$(openssl rand -hex 32)"',
    )
  }
  if (entry === undefined) {
    if (keys.size === 1) return only
    throw new KeyRingError(
      `there are ${keys.size} keys (${ids.join(', ')}): name the one that signs in the entry "${PRIMARY}"`,
    )
  }
  const id = entry.toString('utf8')
  // First, because a key with the right name is then most likely there, and nobody sees the newline.
  if (/[\r\n]$/.test(id)) throw new KeyRingError(`"${PRIMARY}" ends in a newline: ${remedy}`)
  const primary = keys.get(id)
  // Without its content: it may be a key that was put into the wrong entry.
  if (primary !== undefined) return primary
  throw new KeyRingError(`"${PRIMARY}" names no key: it must be one of ${ids.join(', ')}`)
}
