// Invalid bodies with a valid pairing signature, for every route of a real signer.
import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { askPaired, startSigner } from '../support/services/services.ts'
import { START_MS, WAIT_MS } from '../support/timeouts.ts'

const zeros = '0'.repeat(64)
const routes = {
  '/sign': { message: 'hunter2' },
  '/sign/batch': { messages: ['hunter2'] },
  '/verify': { message: 'hunter2', signature: zeros },
}
const json = (path: keyof typeof routes) => JSON.stringify(routes[path])
/** Inserts `text` at the end of a valid body's object. */
const withField = (path: keyof typeof routes, text: string) => `${json(path).slice(0, -1)},${text}}`
const replaceValue = (path: keyof typeof routes, value: string) =>
  json(path).replace(/"hunter2"/, value)

const bodies: [name: string, make: (path: keyof typeof routes) => string][] = [
  ['an unknown field', (path) => withField(path, '"algorithm":"none"')],
  ['__proto__', (path) => withField(path, '"__proto__":{"key_id":"key-1"}')],
  ['constructor.prototype', (path) => withField(path, '"constructor":{"prototype":{"a":1}}')],
  ['a field twice', (path) => withField(path, json(path).slice(1, -1))],
  ['the key id twice', (path) => withField(path, '"key_id":"key-1","key_id":"key-1"')],
  ['the key id in both forms', (path) => withField(path, '"key_id":"key-1","keyId":"key-1"')],
  [
    'the key id twice in the old form',
    (path) => withField(path, '"keyId":"key-1","keyId":"key-1"'),
  ],
  ['a key id that is a number', (path) => withField(path, '"key_id":1')],
  ['a key id that is null', (path) => withField(path, '"key_id":null')],
  ['a key id that is a path', (path) => withField(path, '"key_id":"../key-1"')],
  ['a key id of 60 kB', (path) => withField(path, `"key_id":"${'k'.repeat(60_000)}"`)],
  ['an unknown encoding', (path) => withField(path, '"encoding":"latin1"')],
  ['an encoding that is a list', (path) => withField(path, '"encoding":["utf8"]')],
  ['a number instead of a string', (path) => replaceValue(path, '12345')],
  ['true instead of a string', (path) => replaceValue(path, 'true')],
  ['null instead of a string', (path) => replaceValue(path, 'null')],
  ['an object instead of a string', (path) => replaceValue(path, '{"toString":"hunter2"}')],
  ['a lone surrogate', (path) => replaceValue(path, '"hunter2\\ud800"')],
  ['10,000 lists deep', (path) => replaceValue(path, `${'['.repeat(10_000)}${']'.repeat(10_000)}`)],
  [
    '10,000 objects deep',
    (path) => replaceValue(path, `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
  ],
  ['the body in a list', (path) => `[${json(path)}]`],
  ['the body in a string', (path) => JSON.stringify(json(path))],
  ['two bodies', (path) => json(path) + json(path)],
  ['a comment', (path) => `/* hunter2 */${json(path)}`],
  ['a trailing comma', (path) => `${json(path).slice(0, -1)},}`],
  ['single quotes', (path) => json(path).replaceAll('"', "'")],
  ['NaN', (path) => replaceValue(path, 'NaN')],
  ['two byte order marks', (path) => `\ufeff\ufeff${json(path)}`],
  ['half a body', (path) => json(path).slice(0, -2)],
  ['null', () => 'null'],
  ['white space', () => ' '],
]

let signer: Awaited<ReturnType<typeof startSigner>>
beforeAll(async () => {
  signer = await startSigner({ 'key-1': randomBytes(32) })
  await signer.signer.waitFor('listening')
}, START_MS)

describe.each(Object.keys(routes) as (keyof typeof routes)[])('POST %s', (path) => {
  test('serves the valid body that the others are made from', async () => {
    expect((await askPaired(signer, path, json(path))).status).toBe(200)
  })

  test.each(bodies)('rejects %s, signs nothing, and logs none of it', async (_, make) => {
    const start = signer.signer.output().length
    const { status, body } = await askPaired(signer, path, make(path))
    expect([status, body.code]).toEqual([400, 'invalid_request'])
    expect(body).toMatchObject({ type: 'about:blank', request_id: expect.any(String) })
    expect(JSON.stringify(body)).not.toMatch(/hunter2|12345| at |\.m?[jt]s/)
    const readLog = () => signer.signer.output().slice(start)
    const outcome = '"outcome":"invalid_request","count":0}'
    await vi.waitFor(() => expect(readLog()).toContain(outcome), WAIT_MS)
    expect(readLog()).toContain(`"request_id":"${body.request_id}"`)
    expect(readLog()).not.toMatch(/hunter2|"level":"error"| at .*\.ts/)
  })
})
