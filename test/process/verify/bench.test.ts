// The programs of `make bench` that run beside what they measure: load generators, the unprotected pair, the frontend without a signer.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import { generateLoad } from '../../../tools/verify/bench/generator.ts'
import { startNaive } from '../../../tools/verify/bench/naive-subjects.ts'
import { startNode } from '../../../tools/verify/bench/service.ts'
import { startGenerator } from '../../../tools/verify/bench/start-generator.ts'
import { writePost } from '../../../tools/verify/bench/subject.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makeFolder } from '../../support/folder.ts'
import { jsonType } from '../../support/services/services.ts'

const bytes = writePost('/', {})

/** Starts a server that answers `status`. `connections` counts those that it has accepted. */
async function startServer(headers: Record<string, string>, status = 200) {
  let connections = 0
  const server = createServer((_, outgoing) => outgoing.writeHead(status, headers).end('{}'))
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp(() => server.close())
  const { port } = server.address() as AddressInfo
  return { address: { host: '127.0.0.1', port }, count: () => connections }
}

test('a load sends exactly its requests, and keeps each connection as long as the server does', async () => {
  const load = { bytes, connections: 4, seconds: 5, requests: 20 }
  const open = await startServer({})
  expect(await generateLoad({ ...load, address: open.address })).toMatchObject({
    served: 20,
    failed: 0,
  })
  expect(open.count()).toBe(4)
  const closing = await startServer({ connection: 'close' })
  expect(await generateLoad({ ...load, address: closing.address })).toMatchObject({
    served: 20,
    failed: 0,
  })
  expect(closing.count()).toBe(20)
})

test('several requests take turns', async () => {
  const found: string[] = []
  const server = createServer(({ url = '' }, outgoing) => {
    found.push(url)
    outgoing.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp(() => server.close())
  const { port } = server.address() as AddressInfo
  const address = { host: '127.0.0.1', port }
  const several = ['/a', '/b', '/c'].map((path) => writePost(path, {}))
  await generateLoad({ address, bytes: several, connections: 1, seconds: 5, requests: 4 })
  expect(found).toEqual(['/a', '/b', '/c', '/a'])
})

test('a generator of its own sends a load, counts refusals, and reports that it was killed', async () => {
  const { address } = await startServer({}, 503)
  const { generate, stop } = startGenerator()
  cleanUp(stop)
  const load = { address, bytes, connections: 1, seconds: 5, requests: 3 }
  expect(await generate(load)).toMatchObject({ served: 0, failed: 3 })
  const killed = generate({ ...load, requests: 1e9 })
  stop()
  await expect(killed).rejects.toThrow('the load generator ended with SIGKILL')
})

async function process(port: number) {
  const init = { method: 'POST', headers: jsonType, body: '{"message":"Straße"}' }
  const response = await fetch(`http://127.0.0.1:${port}/process`, init)
  return response.json()
}

test('the unprotected pair and the frontend without a signer process a message', async () => {
  const folder = await makeFolder()
  const { pair, started } = await startNaive(folder)
  for (const { stop } of Object.values(started)) cleanUp(stop)
  const port = await findFreePort()
  const main = join(CHECKOUT, 'tools/verify/bench/variants/unsigned.ts')
  const unset = { CALLER_TOKEN_FILE: '/nowhere/token', PAIRING_SECRET_FILE: '/nowhere/secret' }
  const env = { FRONTEND_PORT: String(port), FRONTEND_HOST: '127.0.0.1', ...unset }
  const unsigned = await startNode([main], env, join(folder, 'unsigned.log'))
  cleanUp(unsigned.stop)
  const naivePort = 'port' in pair.address ? pair.address.port : 0
  expect(await process(naivePort)).toEqual({
    processed_message: 'STRASSE',
    signature: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(await process(port)).toEqual({
    processed_message: 'STRASSE',
    signature: 'unsigned'.repeat(8),
    key_id: 'key-1',
  })
})
