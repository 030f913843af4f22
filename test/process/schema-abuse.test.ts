// Invalid bodies with a valid pairing signature, for every route of a real signer.
import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { askPaired, startSigner } from '../support/services/services.ts'
import { START_MS, WAIT_MS } from '../support/timeouts.ts'

const zeros = '0'.repeat(64)
/** Valid bodies. */
const routes = {
  '/sign': '{"message":"hunter2"}',
  '/sign/batch': '{"messages":["hunter2"]}',
  '/sign/batch with items': '{"items":[{"request_id":"id-1","message":"hunter2"}]}',
  '/verify': `{"message":"hunter2","signature":"${zeros}"}`,
}
type Route = keyof typeof routes
/** Inserts `text` at the end of the object with the message, or with the list of them. */
const withField = (route: Route, text: string) => routes[route].replace('}', `,${text}}`)
const replaceValue = (route: Route, value: string) => routes[route].replace('"hunter2"', value)

const bodies: [name: string, make: (route: Route) => string][] = [
  ['an unknown field', (route) => withField(route, '"algorithm":"none"')],
  ['__proto__', (route) => withField(route, '"__proto__":{"key_id":"key-1"}')],
  ['constructor.prototype', (route) => withField(route, '"constructor":{"prototype":{"a":1}}')],
  ['a field twice', (route) => routes[route].replace(/"messages?":\[?"hunter2"\]?/, '$&,$&')],
  ['the key id twice', (route) => withField(route, '"key_id":"key-1","key_id":"key-1"')],
  ['the key id in both forms', (route) => withField(route, '"key_id":"key-1","keyId":"key-1"')],
  [
    'the key id twice in the old form',
    (route) => withField(route, '"keyId":"key-1","keyId":"key-1"'),
  ],
  ['a key id that is a number', (route) => withField(route, '"key_id":1')],
  ['a key id that is null', (route) => withField(route, '"key_id":null')],
  ['a key id that is a path', (route) => withField(route, '"key_id":"../key-1"')],
  ['a key id of 60 kB', (route) => withField(route, `"key_id":"${'k'.repeat(60_000)}"`)],
  ['an unknown encoding', (route) => withField(route, '"encoding":"latin1"')],
  ['an encoding that is a list', (route) => withField(route, '"encoding":["utf8"]')],
  ['a number instead of a string', (route) => replaceValue(route, '12345')],
  ['true instead of a string', (route) => replaceValue(route, 'true')],
  ['null instead of a string', (route) => replaceValue(route, 'null')],
  ['an object instead of a string', (route) => replaceValue(route, '{"toString":"hunter2"}')],
  ['a lone surrogate', (route) => replaceValue(route, '"hunter2\\ud800"')],
  [
    '10,000 lists deep',
    (route) => replaceValue(route, `${'['.repeat(10_000)}${']'.repeat(10_000)}`),
  ],
  [
    '10,000 objects deep',
    (route) => replaceValue(route, `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
  ],
  ['the body in a list', (route) => `[${routes[route]}]`],
  ['the body in a string', (route) => JSON.stringify(routes[route])],
  ['two bodies', (route) => routes[route] + routes[route]],
  ['a comment', (route) => `/* hunter2 */${routes[route]}`],
  ['a trailing comma', (route) => `${routes[route].slice(0, -1)},}`],
  ['single quotes', (route) => routes[route].replaceAll('"', "'")],
  ['NaN', (route) => replaceValue(route, 'NaN')],
  ['two byte order marks', (route) => `\ufeff\ufeff${routes[route]}`],
  ['half a body', (route) => routes[route].slice(0, -2)],
  ['null', () => 'null'],
  ['white space', () => ' '],
]

let signer: Awaited<ReturnType<typeof startSigner>>
beforeAll(async () => {
  signer = await startSigner({ 'key-1': randomBytes(32) })
  await signer.signer.waitFor('listening')
}, START_MS)

describe.each(Object.keys(routes) as Route[])('POST %s', (route) => {
  const [path = ''] = route.split(' ')

  test('serves the valid body that the others are made from', async () => {
    const start = signer.signer.output().length
    expect((await askPaired(signer, path, routes[route])).status).toBe(200)
    // Its line may come after the answer, and would otherwise be read as one of the next request's.
    const outcome = /"outcome":"(signed|verified)"/
    await vi.waitFor(() => expect(signer.signer.output().slice(start)).toMatch(outcome), WAIT_MS)
  })

  test.each(bodies)('rejects %s, signs nothing, and logs none of it', async (_, make) => {
    const start = signer.signer.output().length
    const { body } = await askPaired(signer, path, make(route))
    // An item fails alone if only its own fields are wrong.
    const [result] = (body.results ?? []) as { problem?: typeof body }[]
    const problem = result?.problem ?? body
    expect(problem).toMatchObject({ type: 'about:blank', status: 400, code: 'invalid_request' })
    expect(JSON.stringify(body)).not.toMatch(/hunter2|12345| at |\.m?[jt]s/)
    const readLog = () => signer.signer.output().slice(start)
    const outcome = '"outcome":"invalid_request","count":0'
    await vi.waitFor(() => expect(readLog()).toContain(outcome), WAIT_MS)
    expect(readLog()).toContain(`"${problem.request_id}"`)
    expect(readLog()).not.toContain('"signed"')
    expect(readLog()).not.toMatch(/hunter2|"level":"error"| at .*\.ts/)
  })
})
