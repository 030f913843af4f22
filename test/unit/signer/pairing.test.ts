// The signer serves only the frontend of its Pod, which alone can read the secret of this signer's start.
import { createSecretKey, randomBytes } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createPairing } from '../../../client/pairing.ts'
import { SignerError } from '../../../client/signer-error.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { createApp } from '../../../signer/app.ts'
import { createAuditLog } from '../../../signer/audit-log.ts'
import { createSignerMetrics } from '../../../signer/metrics.ts'
import { createPairingCheck, createPairingSecret } from '../../../signer/pairing.ts'
import { makeFolder } from '../../support/folder.ts'
import { post } from '../../support/services/http.ts'
import { createMemoryLog } from '../../support/services/logged.ts'
import { limitless, unchained } from '../../support/services/signer-app.ts'

const now = 1_700_000_000_000
const key = { id: 'key-1', material: createSecretKey(randomBytes(32)) }

/** Makes a signer and its paired frontend. `sign` makes headers, and `send` posts a body with headers. */
async function makePair() {
  const folder = await makeFolder()
  const admit = createPairingCheck(await createPairingSecret(folder), () => now)
  const { log, lines } = createMemoryLog()
  const getKeyRing = () => ({ raw: [key], webhook: [] })
  const metrics = createMetrics()
  const { countSignatures } = createSignerMetrics(metrics.registry)
  const deps = {
    log,
    metrics,
    isDraining: () => false,
    ...limitless(getKeyRing),
    admit,
    auditLog: createAuditLog({
      ...unchained,
      onSigned: countSignatures,
      write: async () => {},
    }),
    peer: 'proxy',
    maxRequests: 1,
  } as const
  const app = createApp(deps)
  const body = '{"message":"hello"}'
  const sign = (text = body, path = '/sign', method = 'POST', at = now) =>
    createPairing(join(folder, 'secret'), () => at).sign({ method, path, body: Buffer.from(text) })
      .headers
  const send = (headers: Record<string, string>, text = body) => post(app, '/sign', text, headers)
  return { folder, sign, send, lines, readMetrics: () => metrics.registry.metrics() }
}

describe('the check', () => {
  test('admits the frontend', async () => {
    const { sign, send, readMetrics } = await makePair()
    const { status, body } = await send(sign())
    expect([status, body.key_id]).toEqual([200, 'key-1'])
    expect(await readMetrics()).toContain('signer_signatures_total{key_id="key-1"} 1')
  })

  test.each([-60, 60])('admits a clock that is %i seconds off', async (seconds) => {
    const { sign, send } = await makePair()
    expect((await send(sign(undefined, undefined, undefined, now + seconds * 1_000))).status).toBe(
      200,
    )
  })

  type Pair = Awaited<ReturnType<typeof makePair>>
  type Forge = (pair: Pair) => Record<string, string> | Promise<Record<string, string>>
  const changed = (name: string, change: (value: string) => string): Forge => {
    return ({ sign }) => {
      const headers = sign()
      return { ...headers, [name]: change(headers[name] ?? '') }
    }
  }
  test.each<[string, Forge]>([
    ['without a signature', () => ({})],
    ['signed with the secret of another signer', async () => (await makePair()).sign()],
    ['signed for another body', ({ sign }) => sign('{"message":"other"}')],
    ['signed for another path', ({ sign }) => sign(undefined, '/verify')],
    ['signed for another method', ({ sign }) => sign(undefined, undefined, 'PUT')],
    ['signed 61 seconds ago', ({ sign }) => sign(undefined, undefined, undefined, now - 61_000)],
    ['signed 61 seconds ahead', ({ sign }) => sign(undefined, undefined, undefined, now + 61_000)],
    ['with another digest', changed('content-digest', () => 'sha-256=:AAAA:')],
    ['with an empty digest', changed('content-digest', () => '')],
    ['with a later time', changed('signature-input', (input) => input.replace('=17', '=18'))],
    [
      'that does not cover the digest',
      changed('signature-input', (input) => input.replace(' "content-digest"', '')),
    ],
    ['that covers nothing', changed('signature-input', (input) => input.replace(/\(.*\)/, '()'))],
    [
      'with another algorithm',
      changed('signature-input', (input) => input.replace('hmac-sha256', 'none')),
    ],
    ['with another label', changed('signature-input', (input) => input.replace('sig1', 'sig2'))],
    ['with a second signature', changed('signature', (value) => `${value}, sig2=:AAAA:`)],
    ['with a short signature', changed('signature', () => 'sig1=:AAAA:')],
    ['with an empty signature', changed('signature', () => 'sig1=::')],
    [
      'with the right signature in base64url',
      changed('signature', (value) => value.replace('=:', '=_')),
    ],
  ])('refuses a request %s', async (_, forge) => {
    const pair = await makePair()
    const { status, body } = await pair.send(await forge(pair))
    expect([status, body.code]).toEqual([403, 'pairing_refused'])
    expect(body).not.toHaveProperty('signature')
    expect(pair.lines.at(-1)).toMatchObject({ event: 'request_refused', code: 'pairing_refused' })
    const counted = await pair.readMetrics()
    expect(counted).toContain('_count{method="POST",route="/sign",status="403"} 1')
    expect(counted).not.toMatch(/^signer_signatures_total\{/m)
  })

  test('refuses before it looks at the body', async () => {
    const { send } = await makePair()
    expect((await send({}, 'no JSON')).body.code).toBe('pairing_refused')
  })
})

describe('the secret', () => {
  test('is new at each start, complete and read-only', async () => {
    const folder = await makeFolder()
    const seen = new Set<string>()
    for (let start = 0; start < 3; start++) {
      await createPairingSecret(folder)
      seen.add((await readFile(join(folder, 'secret'))).toString('hex'))
      expect(await readdir(folder)).toEqual(['secret'])
    }
    expect(seen.size).toBe(3)
    const { size, mode } = await stat(join(folder, 'secret'))
    expect([size, mode & 0o777]).toEqual([32, 0o444])
  })

  test('replaces a part of a secret from an interrupted start', async () => {
    const folder = await makeFolder()
    await writeFile(join(folder, 'secret.new'), 'half', { mode: 0o444 })
    await createPairingSecret(folder)
    expect(await readdir(folder)).toEqual(['secret'])
  })

  test('is read again by the frontend, which reports whether it changed', async () => {
    const folder = await makeFolder()
    await createPairingSecret(folder)
    const pairing = createPairing(join(folder, 'secret'))
    const sign = () => pairing.sign({ method: 'POST', path: '/sign', body: Buffer.from('') }).secret
    const used = sign()
    expect(pairing.renew(used)).toBe(false)
    await createPairingSecret(folder)
    // Several requests used the old secret, and each of them may be sent again.
    expect([pairing.renew(used), pairing.renew(used)]).toEqual([true, true])
    expect(pairing.renew(sign())).toBe(false)
  })

  test.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is too short', 'a'.repeat(31)],
  ])('stops the frontend from a call when it %s', async (_, content) => {
    const folder = await makeFolder()
    if (content !== undefined) await writeFile(join(folder, 'secret'), content)
    const { sign } = createPairing(join(folder, 'secret'))
    const request = { method: 'POST', path: '/sign', body: Buffer.from('') }
    expect(() => sign(request)).toThrow(SignerError)
    expect(() => sign(request)).toThrow(
      /^the pairing secret (cannot be read|is not 32 bytes long)$/,
    )
  })
})
