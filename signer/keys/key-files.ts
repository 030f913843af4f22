// Loads the key ring from a mounted Secret, or from one file with the same entries. Each entry is a key and its name is
// the key's id. The entry `primary` names the key that signs, and the entry `audit-key` chains the audit log.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { keyId } from '../../runtime/contract.ts'
import { parseKeyBundle } from './key-bundle.ts'
import { type Key, type KeyRing, KeyRingError } from './key-ring.ts'
import { findSpoiledText } from './spoiled-text.ts'

/** 112 bits, the minimum for an HMAC key by NIST SP 800-131A. */
const MIN_KEY_BYTES = 14
/** The output size of SHA-256. Shorter keys weaken HMAC (RFC 2104 section 3). */
const FULL_KEY_BYTES = 32
export const PRIMARY = 'primary'
export const AUDIT_KEY = 'audit-key'

/** `shortKeys` lists the ids of keys that work but should be longer. */
export type LoadedKeys = { ring: KeyRing; shortKeys: string[] }

/**
 * Reads every key in `folder`, or only the file `bundle` in it if that is given. Throws KeyRingError if one entry is
 * invalid.
 */
export async function loadKeyFiles(folder: string, bundle?: string): Promise<LoadedKeys> {
  if (bundle === undefined)
    return judgeKeys(await explain(adviceOnFolder, () => readEntries(folder)))
  const text = await explain(adviceOnBundle, () => readFile(join(folder, bundle), 'utf8'))
  return judgeKeys(parseKeyBundle(text))
}

/** Makes the ring of `entries`, which maps the names in the Secret to bytes. Throws KeyRingError if one is invalid. */
export function judgeKeys(entries: ReadonlyMap<string, Buffer>): LoadedKeys {
  const keys = new Map<string, Key>()
  const shortKeys: string[] = []
  let auditKey: KeyObject | undefined
  for (const [id, bytes] of entries) {
    if (id === PRIMARY) continue
    requireUsable(id, bytes)
    if (bytes.length < FULL_KEY_BYTES) shortKeys.push(id)
    if (id === AUDIT_KEY) auditKey = createSecretKey(bytes)
    else keys.set(id, { id, material: createSecretKey(bytes) })
  }
  return { ring: { primary: findPrimary(keys, entries.get(PRIMARY)), keys, auditKey }, shortKeys }
}

/** Returns a text that changes whenever the keys in `folder` change. Reads no key. Throws KeyRingError. */
export async function describeGeneration(folder: string, bundle?: string): Promise<string> {
  // The agent writes temporary files beside the bundle. Ignore them.
  if (bundle !== undefined) return explain(adviceOnBundle, () => describeFile(folder, bundle))
  return explain(adviceOnFolder, async () => {
    const generation = await resolveGeneration(folder)
    // Each generation of a mounted Secret has its own name. In a plain folder, files are overwritten.
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

async function readEntries(folder: string): Promise<Map<string, Buffer>> {
  const generation = await resolveGeneration(folder)
  const entries = new Map<string, Buffer>()
  for (const name of (await readdir(generation)).sort()) {
    const file = join(generation, name)
    if (name.startsWith('..') || !(await stat(file)).isFile()) continue
    entries.set(name, await readFile(file))
  }
  return entries
}

const adviceOnFolder = ['folder', 'mount the Secret with the keys'] as const
const adviceOnBundle = ['file', 'see the log of the agent that writes it'] as const

async function explain<T>(
  [what, advice]: readonly [what: string, advice: string],
  read: () => Promise<T>,
): Promise<T> {
  try {
    // kubelet may delete a generation during the read, once there is a newer one.
    return await read().catch((error) => (error.code === 'ENOENT' ? read() : Promise.reject(error)))
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw new KeyRingError(`the key ${what} cannot be read (${code}): ${advice}`)
  }
}

// kubelet writes each generation of a Secret to its own folder and swaps the link `..data`. Reads through the link could
// mix two generations.
async function resolveGeneration(folder: string): Promise<string> {
  const names = await readdir(folder)
  return names.includes('..data') ? await realpath(join(folder, '..data')) : folder
}

function requireUsable(id: string, bytes: Buffer): void {
  if (!keyId.safeParse(id).success) {
    throw new KeyRingError('an entry has a name that a Secret cannot have: rename it')
  }
  if (bytes.length === 0) throw new KeyRingError(`key "${id}" is empty: give it a value`)
  const fault = findSpoiledText(bytes)
  if (fault !== undefined) throw new KeyRingError(`key "${id}" ${fault}`)
  if (bytes.length < MIN_KEY_BYTES) {
    throw new KeyRingError(
      `key "${id}" is shorter than ${MIN_KEY_BYTES} bytes: make one with openssl rand -hex 32`,
    )
  }
}

function findPrimary(keys: ReadonlyMap<string, Key>, entry: Buffer | undefined): Key {
  const ids = [...keys.keys()]
  const [only] = keys.values()
  if (only === undefined) {
    throw new KeyRingError(
      'the Secret has no key: add one with --from-literal=HMAC_KEY="$(openssl rand -hex 32)"',
    )
  }
  if (entry === undefined) {
    if (keys.size === 1) return only
    throw new KeyRingError(
      `there are ${keys.size} keys (${ids.join(', ')}): name the one that signs in an entry "${PRIMARY}"`,
    )
  }
  // Check this first: the key most likely exists, and a newline is hard to see.
  const fault = findSpoiledText(entry)
  if (fault !== undefined) throw new KeyRingError(`"${PRIMARY}" ${fault}`)
  const primary = keys.get(entry.toString('utf8'))
  // The message omits the content, because it may be a key in the wrong entry.
  if (primary !== undefined) return primary
  throw new KeyRingError(`"${PRIMARY}" names no key: set it to one of ${ids.join(', ')}`)
}
