// The chain of the audit log: each line has its place, and a MAC that only the holder of the audit key makes.
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createAuditChain, SEAL_BYTES } from '../../../signer/audit-chain.ts'
import { createAuditLog } from '../../../signer/audit-log.ts'

const entry = {
  request_id: 'a',
  caller: 'unknown',
  route: 'POST /sign',
  outcome: 'signed',
  count: 1,
}

type Line = { instance: string; seq: number; prev?: string; mac?: string }
const parse = (text: string): Line => JSON.parse(text)

/** Makes the MAC of a line again, from the text that was written. */
function macOf(bytes: Buffer, line: string): string {
  const text = `${line.slice(0, line.lastIndexOf(',"mac":'))}}`
  return createHmac('sha512', bytes).update(text).digest('base64url').slice(0, 24)
}

test('numbers lines from 1, names the MAC before, and authenticates all that', () => {
  const bytes = randomBytes(32)
  const { seal, position } = createAuditChain(() => createSecretKey(bytes))
  const texts = ['{"a":1}', '{"a":2}', '{"a":3}'].map(seal)
  const lines = texts.map(parse)
  expect(lines.map(({ seq }) => seq)).toEqual([1, 2, 3])
  expect(new Set(lines.map(({ instance }) => instance)).size).toBe(1)
  expect(lines.map(({ prev }) => prev)).toEqual([undefined, lines[0]?.mac, lines[1]?.mac])
  expect(lines.map(({ mac }) => mac)).toEqual(texts.map((text) => macOf(bytes, text)))
  expect(position()).toEqual({ instance: lines[0]?.instance, seq: 3 })
})

test('has no MAC without a key, and begins anew when the key comes or changes', () => {
  let key: KeyObject | undefined
  const { seal } = createAuditChain(() => key)
  const plain = parse(seal('{"a":1}'))
  expect(plain).toEqual({ a: 1, instance: plain.instance, seq: 1 })
  const bytes = randomBytes(32)
  key = createSecretKey(bytes)
  const first = parse(seal('{"a":1}'))
  // A reload of the same keys makes another object.
  key = createSecretKey(bytes)
  const second = parse(seal('{"a":1}'))
  key = createSecretKey(randomBytes(32))
  const third = parse(seal('{"a":1}'))
  expect([first.seq, second.seq, third.seq]).toEqual([1, 2, 1])
  expect(second.instance).toBe(first.instance)
  expect(new Set([plain, first, third].map(({ instance }) => instance)).size).toBe(3)
  expect(third.prev).toBeUndefined()
})

test('adds at most SEAL_BYTES to a line', () => {
  const { seal } = createAuditChain(() => createSecretKey(randomBytes(32)))
  seal('{"a":1}')
  const digits = String(Number.MAX_SAFE_INTEGER).length - 1
  expect(seal('{"a":1}').length - '{"a":1}'.length + digits).toBeLessThanOrEqual(SEAL_BYTES)
})

test('has no place for lines that are never written, and begins anew after a failed write', async () => {
  const written: string[] = []
  const positions: { instance: string; seq: number }[] = []
  let write = async (text: string): Promise<void> => void written.push(text)
  const { record } = createAuditLog({
    onSigned: () => {},
    onWritten: (position) => void positions.push(position),
    getKey: () => undefined,
    write: (text) => write(text),
    deadlineMs: 20,
  })
  await record(entry)
  let release = () => {}
  write = (text) =>
    new Promise((resolve) => {
      release = () => resolve(void written.push(text))
    })
  const late = record(entry)
  await expect(late).rejects.toMatchObject({ code: 'audit_unavailable' })
  await expect(record(entry)).rejects.toMatchObject({ code: 'audit_unavailable' })
  release()
  await new Promise((resolve) => setTimeout(resolve, 10))
  write = async (text) => void written.push(text)
  await record(entry)
  expect(written.map((text) => parse(text).seq)).toEqual([1, 2, 3])
  write = async () => {
    throw new Error('EPIPE')
  }
  await expect(record(entry)).rejects.toMatchObject({ code: 'audit_unavailable' })
  write = async (text) => void written.push(text)
  await record(entry, entry)
  const last = written.at(-1)?.trim().split('\n').map(parse) ?? []
  expect(last.map(({ seq }) => seq)).toEqual([1, 2])
  expect(last[0]?.instance).not.toBe(parse(written[0] as string).instance)
  expect(positions.map(({ seq }) => seq)).toEqual([1, 2, 3, 2])
})
