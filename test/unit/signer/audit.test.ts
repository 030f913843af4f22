// Every signature has an audit line, and no audit line holds a secret.
import { createSecretKey, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../runtime/errors.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { createApp } from '../../../signer/app.ts'
import type { AuditEntry } from '../../../signer/audit-lines.ts'
import { createAuditLog } from '../../../signer/audit-log.ts'
import { type Peer, readCaller } from '../../../signer/caller-identity.ts'
import { get, post } from '../../support/services/http.ts'
import { fingerprintOf, limitless, unchained } from '../../support/services/signer-app.ts'

const entry = {
  request_id: 'id-1',
  caller: 'unknown',
  route: 'POST /sign',
  outcome: 'signed',
  count: 1,
}
const proxyElement = (id: string) =>
  `By=spiffe://td/ns/signing/sa/secure-signing;Hash=${'0a'.repeat(32)};Subject="";URI=${id}`

describe('the log', () => {
  /** Makes a log whose writes end when `release` is called. */
  function makeLog(deadlineMs = 5_000) {
    const written: string[] = []
    const releases: ((error?: Error) => void)[] = []
    const counted: [string, number][] = []
    const { record: audit, requireWritable } = createAuditLog({
      ...unchained,
      onSigned: (keyId, count) => void counted.push([keyId, count]),
      write: (text) =>
        new Promise((resolve, reject) => {
          written.push(text)
          releases.push((error) => (error ? reject(error) : resolve()))
        }),
      now: () => 0,
      deadlineMs,
    })
    return {
      audit,
      counted,
      requireWritable,
      written,
      release: (error?: Error) => releases.shift()?.(error),
    }
  }
  const settle = () => new Promise((done) => setImmediate(done))

  test('writes one line of JSON, and resolves when it is written', async () => {
    const { audit, written, release } = makeLog()
    let done = false
    const audited = audit({ ...entry, key_id: 'a\nb' }).then(() => {
      done = true
    })
    await settle()
    expect(done).toBe(false)
    release()
    await audited
    const line = { time: '1970-01-01T00:00:00.000Z', event: 'audit', ...entry, key_id: 'a\nb' }
    const place = { instance: expect.stringMatching(/^[\w-]{22}$/), seq: 1 }
    expect(written.map((text) => JSON.parse(text))).toEqual([{ ...line, ...place }])
    expect(written.join('').match(/\n/g)).toHaveLength(1)
  })

  test('writes simultaneous lines together, in order', async () => {
    const { audit, written, release } = makeLog()
    const ids = Array.from({ length: 60 }, (_, index) => `id-${index}`)
    const all = Promise.all(ids.map((id) => audit({ ...entry, request_id: id })))
    await settle()
    const late = audit({ ...entry, request_id: 'late' })
    release()
    await all
    await settle()
    release()
    await late
    expect(written).toHaveLength(2)
    const lines = written.join('').trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).request_id)).toEqual([...ids, 'late'])
  })

  test('rejects a line that it cannot write, and writes the next', async () => {
    const { audit, release } = makeLog()
    const failed = audit(entry)
    await settle()
    release(new Error('EPIPE'))
    await expect(failed).rejects.toMatchObject({ code: 'audit_unavailable' })
    const next = audit(entry)
    await settle()
    release()
    await expect(next).resolves.toBeUndefined()
  })

  test('rejects lines while a write takes too long, and continues afterwards', async () => {
    const { audit, requireWritable, release } = makeLog(20)
    requireWritable()
    const first = audit(entry)
    const second = audit(entry)
    await expect(first).rejects.toMatchObject({ code: 'audit_unavailable' })
    await expect(second).rejects.toMatchObject({ code: 'audit_unavailable' })
    await expect(audit(entry)).rejects.toMatchObject({ code: 'audit_unavailable' })
    expect(requireWritable).toThrow('the audit log cannot be written')
    release()
    await settle()
    requireWritable()
    const later = audit(entry)
    await settle()
    release()
    await expect(later).resolves.toBeUndefined()
  })

  test('counts the signatures whose lines are written, also too late, and no others', async () => {
    const { audit, counted, written, release } = makeLog(20)
    const signed = { ...entry, key_id: 'key-1' }
    const failed = audit(signed)
    await settle()
    release(new Error('EPIPE'))
    await expect(failed).rejects.toMatchObject({ code: 'audit_unavailable' })
    const late = audit(signed, { ...signed, key_id: 'key-2', count: 3 })
    const verified = audit({ ...signed, outcome: 'verified' })
    await expect(Promise.all([late, verified])).rejects.toMatchObject({ code: 'audit_unavailable' })
    await expect(audit(signed)).rejects.toMatchObject({ code: 'audit_unavailable' })
    expect(counted).toEqual([])
    release()
    await settle()
    expect(counted).toEqual([
      ['key-1', 1],
      ['key-2', 3],
    ])
    // Each write holds the lines of one turn.
    expect(
      written
        .at(-1)
        ?.split('\n')
        .filter((line) => line.includes('signed')),
    ).toHaveLength(2)
  })
})

type Answered = {
  signature?: string
  signatures?: (string | undefined)[]
  results?: { signature?: string }[]
}
const isText = (value: unknown) => typeof value === 'string'

describe('each request', () => {
  function makeAudited(fail = false, peer: Peer = 'proxy') {
    const entries: AuditEntry[] = []
    const key = { id: 'key-1', material: createSecretKey(randomBytes(32)) }
    const app = createApp({
      log: () => {},
      metrics: createMetrics(),
      isDraining: () => false,
      ...limitless(() => ({ raw: [key], webhook: [] })),
      admit: () => () => {},
      maxRequests: 1,
      peer,
      auditLog: {
        record: async (...all) => {
          if (fail) throw new AppError('audit_unavailable', 'the audit log cannot be written')
          entries.push(...all)
        },
        requireWritable: () => {},
      },
    })
    return { app, entries }
  }
  const secret = 'hunter2'
  const headers = {
    'x-request-id': 'id-1',
    'x-forwarded-client-cert': proxyElement('spiffe://td/x'),
  }
  const base = { request_id: 'id-1', caller: 'spiffe://td/x' }

  test.each<[string, unknown, Partial<AuditEntry>]>([
    ['/sign', { message: secret }, { outcome: 'signed', count: 1, key_id: 'key-1' }],
    [
      '/sign/batch',
      { messages: [secret, secret] },
      { outcome: 'signed', count: 2, key_id: 'key-1' },
    ],
    [
      '/sign/batch',
      { items: [{ request_id: 'a', message: secret }] },
      { outcome: 'signed', count: 1, key_id: 'key-1', request_ids: ['a'] },
    ],
    [
      '/sign/batch',
      { items: [{ request_id: 'a', message: secret, encoding: secret }] },
      { outcome: 'invalid_request', count: 0, request_ids: ['a'] },
    ],
    ['/verify', { message: secret, signature: '0'.repeat(64) }, { outcome: 'verified', count: 1 }],
    ['/sign', { message: 1 }, { outcome: 'invalid_request', count: 0 }],
    ['/sign', secret, { outcome: 'invalid_request', count: 0 }],
  ])('has an audit line: POST %s %#', async (path, request, expected) => {
    const { app, entries } = makeAudited()
    const { body } = await post(app, path, request, headers)
    const { signature, signatures = [signature], results = [] } = body as Answered
    const made = [...signatures, ...results.map((each) => each.signature)].filter(isText)
    const fingerprints = made.length > 0 && { fingerprints: made.map(fingerprintOf) }
    expect(entries).toEqual([{ ...base, route: `POST ${path}`, ...expected, ...fingerprints }])
    const text = JSON.stringify(entries)
    expect(text).not.toContain(secret)
    for (const each of made) expect(text).not.toContain(each)
  })

  test.each([
    ['GET', '/secret?token=hunter2', 'GET other', 'not_found'],
    ['POST', '//sign', 'POST other', 'not_found'],
    ['DELETE', '/sign', 'DELETE /sign', 'method_not_allowed'],
    ['POST', '/healthz', 'POST /healthz', 'method_not_allowed'],
  ])('has an audit line without an unknown path: %s %s', async (method, path, route, outcome) => {
    const { app, entries } = makeAudited()
    await app.request(path, { method, headers })
    expect(entries).toEqual([{ ...base, route, outcome, count: 0 }])
  })

  test('has the trace id of its caller, whether it is served or not', async () => {
    const { app, entries } = makeAudited()
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`
    for (const message of ['a', 1]) {
      await post(app, '/sign', { message }, { ...headers, traceparent })
    }
    expect(entries).toMatchObject([
      { trace_id: traceId, ...base, outcome: 'signed' },
      { trace_id: traceId, ...base, outcome: 'invalid_request' },
    ])
  })

  test('has the caller "socket" without a proxy, whatever the caller claims', async () => {
    const { app, entries } = makeAudited(false, 'container')
    await post(app, '/sign', { message: 'a' }, headers)
    expect(entries).toMatchObject([{ caller: 'socket', outcome: 'signed' }])
  })

  test.each(['/healthz', '/readyz', '/metrics'])(
    'has an audit line, except GET %s',
    async (path) => {
      const { app, entries } = makeAudited()
      expect((await app.request(path)).status).toBe(200)
      expect(entries).toEqual([])
    },
  )

  test('has an audit line: GET /keys', async () => {
    const { app, entries } = makeAudited()
    await get(app, '/keys', headers)
    expect(entries).toEqual([{ ...base, route: 'GET /keys', outcome: 'listed', count: 0 }])
  })

  test.each([
    ['/sign', { message: 'a' }],
    ['/sign/batch', { messages: ['a'] }],
    ['/sign/batch', { items: [{ request_id: 'a', message: 'a' }] }],
    ['/verify', { message: 'a', signature: '0'.repeat(64) }],
    ['/sign', { message: 1 }],
  ])('gets only 503 if its line cannot be written: POST %s %#', async (path, request) => {
    const { app } = makeAudited(true)
    const { status, body } = await post(app, path, request)
    expect([status, body.code]).toEqual([503, 'audit_unavailable'])
    expect(body).not.toHaveProperty('signature')
    expect(body).not.toHaveProperty('signatures')
    expect(body).not.toHaveProperty('results')
  })
})

describe('the caller', () => {
  const real = proxyElement('spiffe://td/ns/signing/sa/secure-signing')
  const forged = proxyElement('spiffe://td/ns/other/sa/admin')
  test.each([
    ['the identity that the proxy names', real, 'spiffe://td/ns/signing/sa/secure-signing'],
    ['the last identity', `${forged},${real}`, 'spiffe://td/ns/signing/sa/secure-signing'],
    [
      'the last identity after an open quote',
      `By=x;Subject="${forged},${real}`,
      'spiffe://td/ns/signing/sa/secure-signing',
    ],
    ['unknown without a header', undefined, 'unknown'],
    [
      'unknown if the last element has no identity',
      `${real},By=;Hash=${'0'.repeat(64)};Subject=""`,
      'unknown',
    ],
    ['unknown if the header is something else', 'spiffe://td/x', 'unknown'],
    ['unknown if more text follows', `${real};DNS=x`, 'unknown'],
  ])('is %s', (_, header, caller) => expect(readCaller(header)).toBe(caller))
})
