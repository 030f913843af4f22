// If nothing reads the signer's output, the signer signs nothing and reports the error at once. It continues when the
// output is read again.
import { type StdioOptions, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { run } from '../../tools/cli/exec.ts'
import { makeFolder, makeVolume } from '../support/folder.ts'
import { findBundle } from '../support/services/service-process.ts'
import { ask, jsonType, unpaired } from '../support/services/services.ts'
import { PROCESS_TEST_MS, START_MS } from '../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

/** Starts a signer with this stdout. `expectSigned` waits until it signs. */
async function startWith(stdout: 'pipe' | number) {
  const socket = join(await makeFolder(), 'signer.sock')
  const keyDir = await makeVolume({ a: randomBytes(32) })
  const env = { SIGNER_SOCKET: socket, SIGNER_KEY_DIR: keyDir, ...unpaired.env }
  const stdio: StdioOptions = ['ignore', stdout, 'ignore']
  const signer = spawn(process.execPath, [findBundle('signer')], { env, stdio })
  onTestFinished(() => void signer.kill('SIGKILL'))
  const sign = () => ask(socket, '/sign', '{"message":"a"}', { ...jsonType, ...unpaired.headers })
  const expectSigned = () =>
    vi.waitFor(async () => expect((await sign()).status).toBe(200), START_MS)
  return { signer, socket, sign, expectSigned }
}

test('signs nothing when its output is closed, and stays alive', async () => {
  const { signer, socket, sign, expectSigned } = await startWith('pipe')
  signer.stdout?.resume()
  await expectSigned()
  signer.stdout?.destroy()
  for (let count = 0; count < 3; count++) {
    const { status, body } = await sign()
    expect([status, body.code]).toEqual([503, 'audit_unavailable'])
  }
  expect((await ask(socket, '/healthz')).status).toBe(200)
})

test('signs nothing while its output is blocked, and continues afterwards', async () => {
  const fifo = join(await makeFolder(), 'stdout')
  await run('mkfifo', [fifo])
  // Both ends are open, but the test reads only later.
  const pipe = await open(fifo, 'r+')
  onTestFinished(() => pipe.close())
  const { socket, sign, expectSigned } = await startWith(pipe.fd)
  await expectSigned()

  let answer = await sign()
  // A pipe holds 64 KiB.
  for (let count = 0; answer.status === 200 && count < 1_000; count++) answer = await sign()
  expect([answer.status, answer.body.code]).toEqual([503, 'audit_unavailable'])
  expect(answer.body).not.toHaveProperty('signature')
  // The probes still get an answer: alive, but not ready.
  expect((await sign()).status).toBe(503)
  expect((await ask(socket, '/healthz')).status).toBe(200)
  expect((await ask(socket, '/readyz')).body.code).toBe('audit_unavailable')

  await pipe.read(Buffer.alloc(64 * 1024))
  await expectSigned()
  expect((await ask(socket, '/readyz')).status).toBe(200)
})
