// Attacks 39 and 40: bodies that nobody should send, at every route of a real signer, with a good pairing signature.
import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { askPaired, startSigner } from '../support/services/services.ts'
import { START_MS } from '../support/timeouts.ts'

const zeros = '0'.repeat(64)
const routes = {
  '/sign': { message: 'hunter2' },
  '/sign/batch': { messages: ['hunter2'] },
  '/verify': { message: 'hunter2', signature: zeros },
}
const json = (path: keyof typeof routes) => JSON.stringify(routes[path])
/** Puts `text` before the end of a good body's object. */
const withField = (path: keyof typeof routes, text: string) => `${json(path).slice(0, -1)},${text}}`
const replaceValue = (path: keyof typeof routes, value: string) =>
  json(path).replace(/"hunter2"/, value)

/** Made for each route. */
const bodies: [name: string, make: (path: keyof typeof routes) => string][] = [
  ['an unknown field', (path) => withField(path, '"algorithm":"none"')],
  ['__proto__', (path) => withField(path, '"__proto__":{"keyId":"key-1"}')],
  ['constructor.prototype', (path) => withField(path, '"constructor":{"prototype":{"a":1}}')],
  ['a field twice', (path) => withField(path, json(path).slice(1, -1))],
  ['the key id twice', (path) => withField(path, '"keyId":"key-1","keyId":"key-1"')],
  ['a key id that is a number', (path) => withField(path, '"keyId":1')],
  ['a key id that is null', (path) => withField(path, '"keyId":null')],
  ['a key id that is a path', (path) => withField(path, '"keyId":"../key-1"')],
  [
    'a key id of a megabyte’s sixteenth',
    (path) => withField(path, `"keyId":"${'k'.repeat(60_000)}"`),
  ],
  ['an encoding that is not known', (path) => withField(path, '"encoding":"latin1"')],
  ['an encoding that is a list', (path) => withField(path, '"encoding":["utf8"]')],
  ['a number for a string', (path) => replaceValue(path, '12345')],
  ['true for a string', (path) => replaceValue(path, 'true')],
  ['null for a string', (path) => replaceValue(path, 'null')],
  ['an object for a string', (path) => replaceValue(path, '{"toString":"hunter2"}')],
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
  ['a byte order mark', (path) => `\ufeff${json(path)}`],
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
  test('answers a good body', async () => {
    expect((await askPaired(signer, path, json(path))).status).toBe(200)
  })

  test.each(bodies)('rejects %s', async (_, make) => {
    const { status, body } = await askPaired(signer, path, make(path))
    expect([status, body.code]).toEqual([400, 'invalid_request'])
    expect(body).toMatchObject({ type: 'about:blank', requestId: expect.any(String) })
    expect(JSON.stringify(body)).not.toMatch(/hunter2|12345| at |\.m?[jt]s/)
  })
})

test('none of it was signed or is in the log, and the signer goes on', async () => {
  expect((await askPaired(signer, '/sign', json('/sign'))).status).toBe(200)
  const output = signer.signer.output()
  expect(output).not.toMatch(/hunter2|"level":"error"| at .*\.ts/)
  const lines = output.split('\n').filter((line) => line.includes('"outcome":"invalid_request"'))
  expect(lines).toHaveLength(bodies.length * Object.keys(routes).length)
})
