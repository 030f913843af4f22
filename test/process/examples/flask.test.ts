// examples/flask, served by gunicorn as in its image, beside a real signer.
import { spawn } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import {
  describePython,
  fetchPackages,
  type Python,
} from '../../../tools/local-cluster/programs/python.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { buildWheel, installWheel } from '../../support/clients/python.ts'
import { makeFolder, makeVolume } from '../../support/folder.ts'
import { makeFreshToken } from '../../support/services/caller-token.ts'
import { serve } from '../../support/services/http.ts'
import { forwardToSocket } from '../../support/services/mesh-proxy.ts'
import { jsonType, startSigner } from '../../support/services/services.ts'
import { START_MS } from '../../support/timeouts.ts'

/** The first run fetches packages. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 240_000 })

const FLASK = join(CHECKOUT, 'examples/flask')
const key = randomBytes(32)
const signed = (message: string) => ({
  processed_message: message,
  signature: createHmac('sha256', key).update(message).digest('hex'),
  key_id: 'a',
})

let python: Python
beforeAll(async () => {
  const installed = await makeFolder()
  await installWheel(await buildWheel(await makeFolder()), installed)
  python = describePython(installed, await fetchPackages(join(FLASK, 'requirements.txt')))
})

/** Starts the example with two workers. `ask` sends a body to POST /process. */
async function startExample(environment: Record<string, string>) {
  const port = await findFreePort()
  const [program, ...flags] = python.command
  const args = ['-m', 'gunicorn', `--bind=127.0.0.1:${port}`, '--workers=2', '--no-control-socket']
  const env = { ...process.env, ...python.env, ...environment }
  const child = spawn(program, [...flags, ...args, 'app:app'], { cwd: FLASK, env })
  const exit = new Promise((done) => child.on('close', done))
  cleanUp(() => {
    child.kill('SIGTERM')
    return exit
  })
  const url = `http://127.0.0.1:${port}`
  await vi.waitFor(() => fetch(`${url}/healthz`), START_MS)
  return async (body: unknown) => {
    const init = { method: 'POST', headers: jsonType, body: JSON.stringify(body) }
    const response = await fetch(`${url}/process`, init)
    return { status: response.status, body: (await response.json()) as object }
  }
}

const messages = ['hello', 'Grüße €']

test('has messages signed through the mesh, also after a restart of the signer, and says when it cannot', async () => {
  const { signer, restart, socket, pairingDir } = await startSigner({ a: key })
  await signer.waitFor('listening')
  const token = makeFreshToken()
  const { href } = await serve(forwardToSocket(socket, (each) => each === token))
  const ask = await startExample({
    SIGNER_URL: href,
    CALLER_TOKEN_FILE: join(await makeVolume({ token }), 'token'),
    PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
  })
  for (const message of messages) {
    expect(await ask({ message })).toEqual({ status: 200, body: signed(message.toUpperCase()) })
  }
  signer.signal('SIGKILL')
  await signer.exit
  const unavailable = { error: 'signing is not available' }
  expect(await ask({ message: 'a' })).toEqual({ status: 503, body: unavailable })
  await restart().waitFor('listening')
  expect(await ask({ message: 'a' })).toEqual({ status: 200, body: signed('A') })
  for (const body of [{}, [], { message: 1 }]) expect((await ask(body)).status).toBe(400)
})

test('has messages signed over the socket, with the same code', async () => {
  const { signer, socket, pairingDir } = await startSigner({ a: key }, 0, {
    SIGNER_PEER: 'container',
  })
  await signer.waitFor('listening')
  const ask = await startExample({
    SIGNER_URL: `unix:${socket}:/sign`,
    CALLER_TOKEN_FILE: 'none',
    PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
  })
  for (const message of messages) {
    expect(await ask({ message })).toEqual({ status: 200, body: signed(message.toUpperCase()) })
  }
})
