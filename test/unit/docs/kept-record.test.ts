// docs/incidents.md says how long a node keeps the record at the limits. The real signer's longest lines decide that.
import { createSecretKey, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { createAuditLog } from '../../../signer/audit-log.ts'
import { readFile } from '../../support/pages/pages.ts'
import { makeSignerApp, unchained } from '../../support/services/signer-app.ts'

/** kubelet's defaults: five files, of which the newest may be empty. */
const KEPT_BYTES = 4 * 10 * 1024 * 1024
/** Before each line: time, stream and tag. */
const CRI_BYTES = '2026-11-29T16:06:38.618061601Z stdout F '.length
const PER_SECOND = 200
const caller = 'spiffe://cluster.local/ns/signing/sa/secure-signing'
const id = (name: string, length = 64) => name.repeat(length)

const headers = {
  'content-type': 'application/json',
  'x-request-id': id('r'),
  traceparent: `00-${id('a', 32)}-${id('b', 16)}-01`,
  'x-forwarded-client-cert': `By=${caller};Hash=0;Subject="";URI=${caller}`,
}
const makeItem = (index: number) => ({
  ...{ request_id: `${index}`.padStart(64, 'i'), trace_id: id('c', 32), message: '' },
})
const page = readFile('docs/incidents.md')

describe('the longest record of a signature', () => {
  const sizes: Record<string, number> = {}

  beforeAll(async () => {
    const written: string[] = []
    const key = createSecretKey(randomBytes(32))
    const write = async (text: string) => void written.push(text)
    const auditLog = createAuditLog({ ...unchained, getKey: () => key, write })
    const app = makeSignerApp(undefined, undefined, undefined, undefined, auditLog)
    const bodies: [name: string, path: string, body: object, signatures: number][] = [
      ['first', '/sign', { message: '' }, 1],
      ['one message', '/sign', { message: '' }, 1],
      ['one item', '/sign/batch', { items: [makeItem(0)] }, 1],
      [
        'many items',
        '/sign/batch',
        { items: Array.from({ length: 1_000 }, (_, i) => makeItem(i)) },
        1_000,
      ],
      [
        'many messages',
        '/sign/batch',
        { messages: Array.from({ length: 1_000 }, () => '') },
        1_000,
      ],
    ]
    for (const [name, path, body, signatures] of bodies) {
      const response = await app.request(path, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      expect(response.status).toBe(200)
      const lines = written.splice(0).join('').trimEnd().split('\n')
      const bytes = lines.reduce((sum, line) => sum + CRI_BYTES + line.length + 1, 0)
      sizes[name] = bytes / signatures
    }
  })

  test('is that of a call with one item, so the page counts such calls', () => {
    expect(Math.max(...Object.values(sizes))).toBe(sizes['one item'])
  })

  test('has at most the bytes of the page', () => {
    const [, bytes] = /and (\d+) bytes in each line/.exec(page) ?? []
    // The number of the line grows, and the names of keys and namespaces are short here.
    expect(sizes['one item']).toBeGreaterThan(Number(bytes) - 60)
    expect(sizes['one item']).toBeLessThan(Number(bytes))
  })

  test('is kept for the minutes of the page, at the limits', () => {
    const minutes = KEPT_BYTES / (sizes['one item'] ?? 0) / PER_SECOND / 60
    console.info(`${sizes['one item']} bytes, ${minutes.toFixed(1)} minutes`)
    expect(minutes).toBeGreaterThan(5)
    expect(page).toContain('a node keeps the last five minutes')
  })
})
