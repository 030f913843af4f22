// The load of a fault experiment has an answer before anything is judged, however slowly its process starts.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { startLoad } from '../../../tools/verify/faults/load/start-load.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

/** As on a machine that is busy: longer than an experiment once waited for its load. */
const SLOW_START_MS = 1_500
const block = `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${SLOW_START_MS})`
const server = createServer((_, response) => response.writeHead(503).end('busy'))
let url = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => void vi.unstubAllEnvs())
afterAll(() => void server.close())

test('a load whose process starts slowly has sent requests once it counts as started', async () => {
  vi.stubEnv('NODE_OPTIONS', `--import=data:text/javascript,${encodeURIComponent(block)}`)
  const load = await startLoad({ spec: { kind: 'public', url }, perSecond: 50 })
  const outcomes = (await load.stop()).map(({ outcome }) => outcome)
  expect(new Set(outcomes)).toEqual(new Set(['503 by a proxy: busy']))
})

test('a load without an answer does not count as started, and the error says so', async () => {
  const spec = { kind: 'public', url: 'http://127.0.0.1:1' } as const
  await expect(startLoad({ spec, perSecond: 0.001 }, { withinMs: 3_000 })).rejects.toThrow(
    'public: no request of the load got an outcome within 3 s',
  )
})

test('a load whose process ends at once says so', async () => {
  vi.stubEnv('NODE_OPTIONS', '--import=data:text/javascript,process.exit(7)')
  await expect(startLoad({ spec: { kind: 'public', url }, perSecond: 50 })).rejects.toThrow(
    'public: the process of the load exited with 7',
  )
})
