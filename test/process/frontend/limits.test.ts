// The memory of a real frontend with the flags of its image.
import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { readMemoryMib } from '../../../tools/verify/memory.ts'
import { makeVolume } from '../../support/folder.ts'
import { sendRaw } from '../../support/services/http.ts'
import { startFrontendAtSocket } from '../../support/services/services.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const CLIENTS = 10

test('bodies in chunks of one byte take little more memory than their bytes', async () => {
  const pairingDir = await makeVolume({ secret: randomBytes(32) })
  const { url, frontend } = await startFrontendAtSocket({ socket: '/run/none.sock', pairingDir })
  const readPeakMib = () => readMemoryMib(Number(frontend.pid), 'VmHWM')
  const head =
    'POST /process HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n'
  const chunks = `${'1\r\n \r\n'.repeat(65_000)}0\r\n\r\n`
  const before = await readPeakMib()
  const answers = await Promise.all(
    Array.from({ length: CLIENTS }, () =>
      sendRaw(Number(new URL(url).port), `${head}transfer-encoding: chunked\r\n\r\n${chunks}`),
    ),
  )
  expect(new Set(answers.map((answer) => answer.slice(0, 12)))).toEqual(new Set(['HTTP/1.1 400']))
  expect((await readPeakMib()) - before).toBeLessThan(64)
})
