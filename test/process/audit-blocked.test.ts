// Attack 37: nobody reads the signer's output any more. Then it signs nothing, says so at once, and goes on when
// somebody reads again.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { run } from '../../tools/cli/exec.ts'
import { makeFolder, makeVolume } from '../support/folder.ts'
import { findBundle } from '../support/services/service-process.ts'
import { ask, jsonType, unpaired } from '../support/services/services.ts'
import { PROCESS_TEST_MS, START_MS } from '../support/timeouts.ts'

test('signs nothing when its output is closed, and stays up', {
  timeout: PROCESS_TEST_MS,
}, async () => {
  const socket = join(await makeFolder(), 'signer.sock')
  const keyDir = await makeVolume({ a: randomBytes(32) })
  const env = { SIGNER_SOCKET: socket, SIGNER_KEY_DIR: keyDir, ...unpaired.env }
  const signer = spawn(process.execPath, [findBundle('signer')], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void signer.kill('SIGKILL'))
  const sign = () => ask(socket, '/sign', '{"message":"a"}', { ...jsonType, ...unpaired.headers })
  signer.stdout?.resume()
  await vi.waitFor(async () => expect((await sign()).status).toBe(200), START_MS)
  signer.stdout?.destroy()
  for (let count = 0; count < 3; count++) {
    const { status, body } = await sign()
    expect([status, body.code]).toEqual([503, 'audit_unavailable'])
  }
  expect((await ask(socket, '/healthz')).status).toBe(200)
})

test('signs nothing while its output is blocked, and goes on after', {
  timeout: PROCESS_TEST_MS,
}, async () => {
  const folder = await makeFolder()
  const socket = join(folder, 'signer.sock')
  const fifo = join(folder, 'stdout')
  await run('mkfifo', [fifo])
  // Open at both ends, and read only when it is time to.
  const pipe = await open(fifo, 'r+')
  const keyDir = await makeVolume({ a: randomBytes(32) })
  const env = { SIGNER_SOCKET: socket, SIGNER_KEY_DIR: keyDir, ...unpaired.env }
  const signer = spawn(process.execPath, [findBundle('signer')], {
    env,
    stdio: ['ignore', pipe.fd, 'ignore'],
  })
  onTestFinished(async () => {
    signer.kill('SIGKILL')
    await pipe.close()
  })
  const sign = () => ask(socket, '/sign', '{"message":"a"}', { ...jsonType, ...unpaired.headers })
  await vi.waitFor(async () => expect((await sign()).status).toBe(200), START_MS)

  let answer = await sign()
  // A pipe holds 64 KiB.
  for (let count = 0; answer.status === 200 && count < 1_000; count++) answer = await sign()
  expect([answer.status, answer.body.code]).toEqual([503, 'audit_unavailable'])
  expect(answer.body).not.toHaveProperty('signature')
  // The probes are answered all the same; it is alive, and not ready.
  expect((await sign()).status).toBe(503)
  expect((await ask(socket, '/healthz')).status).toBe(200)
  expect((await ask(socket, '/readyz')).body.code).toBe('audit_unavailable')

  await pipe.read(Buffer.alloc(64 * 1024))
  await vi.waitFor(async () => expect((await sign()).status).toBe(200), START_MS)
  expect((await ask(socket, '/readyz')).status).toBe(200)
})
