// Loads the key ring from a mounted Secret, or from one file with the same entries. Each entry is a key and its name is
// the key's id. The entry's value says which form the key signs, so a key has the same form in every place that keeps it. The entry
// `primary` names the raw key that signs, `webhook-primary` the webhook key that signs first, and `audit-key` chains the audit log.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Form, keyId } from '../../runtime/contract.ts'
import { parseKeyBundle } from './key-bundle.ts'
import { type Key, type KeyRing, KeyRingError } from './key-ring.ts'
import { findSpoiledText } from './spoiled-text.ts'

/** 112 bits, the minimum for an HMAC key by NIST SP 800-131A. */
const MIN_KEY_BYTES = 14
/**
 * Shorter keys work, and are reported. 32 bytes are the output size of SHA-256 (RFC 2104 section 3). Standard Webhooks begins at 24.
 */
const FULL_KEY_BYTES = { raw: 32, webhook: 24 }
/** What the text of a webhook key begins with, as all senders of Standard Webhooks write it. Base64 follows. */
export const WEBHOOK_PREFIX = 'whsec_'
export const PRIMARY = 'primary'
export const WEBHOOK_PRIMARY = 'webhook-primary'
export const AUDIT_KEY = 'audit-key'

/** `shortKeys` lists the ids of keys that work but should be longer. */
export type LoadedKeys = { ring: KeyRing; shortKeys: string[] }

/**
 * Reads every key in `folder`, or only the file `bundle` in it if that is given. Throws KeyRingError if one entry is
 * invalid.
 */
export async function loadKeyFiles(folder: string, bundle?: string): Promise<LoadedKeys> {
  const read = () => (bundle === undefined ? readEntries(folder) : readBundle(folder, bundle))
  return judgeKeys(await explain(bundle, read))
}

/** Makes the ring of `entries`, which maps the names in the Secret to bytes. Throws KeyRingError if one is invalid. */
export function judgeKeys(entries: ReadonlyMap<string, Buffer>): LoadedKeys {
  const keys: Record<Form, Key[]> = { raw: [], webhook: [] }
  const shortKeys: string[] = []
  let auditKey: KeyObject | undefined
  for (const [id, value] of entries) {
    if (id === PRIMARY || id === WEBHOOK_PRIMARY) continue
    const { form, bytes } = readKey(id, value)
    if (bytes.length < FULL_KEY_BYTES[form]) shortKeys.push(id)
    if (id === AUDIT_KEY) auditKey = createSecretKey(bytes)
    else keys[form].push({ id, material: createSecretKey(bytes) })
  }
  if (keys.raw.length + keys.webhook.length === 0) {
    throw new KeyRingError(
      'the Secret has no key: add one with --from-literal=HMAC_KEY="$(openssl rand -hex 32)"',
    )
  }
  const hooks = keys.webhook.map(({ material }) => material)
  const both = keys.raw.find(({ material }) => hooks.some((hook) => hook.equals(material)))
  if (both !== undefined) throw new KeyRingError(`key "${both.id}" is a webhook key: remove it`)
  const raw = putPrimaryFirst(keys.raw, PRIMARY, entries.get(PRIMARY))
  const webhook = putPrimaryFirst(keys.webhook, WEBHOOK_PRIMARY, entries.get(WEBHOOK_PRIMARY))
  return { ring: { raw, webhook, auditKey }, shortKeys }
}

/** Returns a text that changes whenever the keys in `folder` change. Reads no key. Throws KeyRingError. */
export async function describeGeneration(folder: string, bundle?: string): Promise<string> {
  return explain(bundle, async () => {
    // The agent writes temporary files beside the bundle. Ignore them.
    if (bundle !== undefined) return describeFile(folder, bundle)
    const generation = await resolveGeneration(folder)
    // Each generation of a mounted Secret has its own name. In a plain folder, files are overwritten.
    const names = (await readdir(generation)).sort()
    const files = await Promise.all(names.map((name) => describeFile(generation, name)))
    return [generation, ...files].join('\n')
  })
}

async function describeFile(folder: string, name: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(join(folder, name))
  return `${name} ${size} ${mtimeMs} ${ino}`
}

async function readBundle(folder: string, bundle: string): Promise<Map<string, Buffer>> {
  return parseKeyBundle(await readFile(join(folder, bundle), 'utf8'))
}

async function readEntries(folder: string): Promise<Map<string, Buffer>> {
  const generation = await resolveGeneration(folder)
  const entries = new Map<string, Buffer>()
  for (const name of (await readdir(generation)).sort()) {
    const file = join(generation, name)
    if (name.startsWith('..') || !(await stat(file)).isFile()) continue
    entries.set(name, await readFile(file))
  }
  // A generation that is no longer the newest may have lost some of its files already.
  return (await resolveGeneration(folder)) === generation ? entries : readEntries(folder)
}

async function explain<T>(bundle: string | undefined, read: () => Promise<T>): Promise<T> {
  try {
    // kubelet may delete a generation during the read, once there is a newer one.
    return await read().catch((error) => (error.code === 'ENOENT' ? read() : Promise.reject(error)))
  } catch (error) {
    if (error instanceof KeyRingError) throw error
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    const what = `the key ${bundle === undefined ? 'folder' : 'file'} cannot be read (${code})`
    const advice =
      bundle === undefined
        ? 'mount the Secret with the keys'
        : 'see the log of the agent that writes it'
    throw new KeyRingError(`${what}: ${advice}`)
  }
}

// kubelet writes each generation of a Secret to its own folder and swaps the link `..data`. Reads through the link could
// mix two generations.
async function resolveGeneration(folder: string): Promise<string> {
  const names = await readdir(folder)
  return names.includes('..data') ? await realpath(join(folder, '..data')) : folder
}

/** Returns the bytes of a key. Those of a webhook key are what its text encodes, so no other version signs raw bytes with them. */
function readKey(id: string, value: Buffer): { form: Form; bytes: Buffer } {
  if (!keyId.safeParse(id).success) {
    throw new KeyRingError('an entry has a name that a Secret cannot have: rename it')
  }
  if (value.length === 0) throw new KeyRingError(`key "${id}" is empty: give it a value`)
  const fault = findSpoiledText(value)
  if (fault !== undefined) throw new KeyRingError(`key "${id}" ${fault}`)
  const text = value.toString('latin1')
  const isWebhook = text.startsWith(WEBHOOK_PREFIX) && id !== AUDIT_KEY
  const bytes = isWebhook ? decodeSecret(id, text.slice(WEBHOOK_PREFIX.length)) : value
  if (bytes.length >= MIN_KEY_BYTES) return { form: isWebhook ? 'webhook' : 'raw', bytes }
  const advice = isWebhook ? 'whsec_ and openssl rand -base64 32' : 'openssl rand -hex 32'
  throw new KeyRingError(
    `key "${id}" is shorter than ${MIN_KEY_BYTES} bytes: make one with ${advice}`,
  )
}

/** Decodes base64 (RFC 4648 section 4). Some senders leave the padding out. */
function decodeSecret(id: string, base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64')
  const strip = (text: string) => text.replace(/={1,2}$/, '')
  if (strip(bytes.toString('base64')) === strip(base64)) return bytes
  throw new KeyRingError(`key "${id}" is not base64 after ${WEBHOOK_PREFIX}: copy it once more`)
}

function putPrimaryFirst(keys: readonly Key[], name: string, entry?: Buffer): readonly Key[] {
  const ids = keys.map(({ id }) => id).join(', ')
  if (entry === undefined) {
    if (keys.length < 2) return keys
    throw new KeyRingError(
      `there are ${keys.length} keys (${ids}): name the one that signs in an entry "${name}"`,
    )
  }
  // Check this first: the key most likely exists, and a newline is hard to see.
  const fault = findSpoiledText(entry)
  if (fault !== undefined) throw new KeyRingError(`"${name}" ${fault}`)
  const primary = keys.find(({ id }) => id === entry.toString('utf8'))
  if (primary !== undefined) return [primary, ...keys.filter((key) => key !== primary)]
  // The message omits the content, because it may be a key in the wrong entry.
  const advice = ids === '' ? 'remove it' : `set it to one of ${ids}`
  throw new KeyRingError(`"${name}" names no key: ${advice}`)
}
