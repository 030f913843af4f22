// The exit codes of the services: 78 for an invalid configuration, 1 if they cannot listen, 0 after a signal.
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { makeFolder } from '../support/folder.ts'
import { listenOnLoopback } from '../support/services/http.ts'
import { startService } from '../support/services/service-process.ts'
import { ask, signHeaders, startSigner, unpaired } from '../support/services/services.ts'
import { PROCESS_TEST_MS, WAIT_MS } from '../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (name) => {
  test('makes /readyz answer 503, then drains, then exits with 0', async () => {
    const { signer, socket, pairingDir } = await startSigner({ HMAC_KEY: randomBytes(32) }, 500)
    await signer.waitFor('listening')
    // This request sends the rest of its body after the signal.
    const headers = signHeaders(pairingDir, '{"message":"a"}')
    const begun = request({ socketPath: socket, path: '/sign', method: 'POST', headers })
    const answered = new Promise<number | undefined>((resolve, reject) => {
      begun.on('response', (incoming) => resolve(incoming.resume().statusCode))
      begun.on('error', reject)
    })
    begun.write('{"message":')
    expect((await ask(socket, '/readyz')).status).toBe(200)
    signer.signal(name)
    await signer.waitFor('draining')
    expect((await ask(socket, '/readyz')).body.code).toBe('shutting_down')
    await vi.waitFor(() => expect(ask(socket, '/healthz')).rejects.toThrow('ECONNREFUSED'), WAIT_MS)
    begun.end('"a"}')
    expect(await answered).toBe(200)
    expect(await signer.exit).toBe(0)
    expect(signer.output()).toContain('"event":"stopped"')
  })
})

describe('at the start', () => {
  test.each([
    [
      'signer',
      { SIGNER_SHUTDOWN_DELAY_MS: 'x' },
      ['SIGNER_SOCKET', 'SIGNER_KEY_DIR', 'SIGNER_SHUTDOWN_DELAY_MS'],
    ],
    [
      'signer',
      { SIGNER_LINGER_MS: '12000' },
      ['SIGNER_LINGER_MS: was renamed, set SIGNER_SHUTDOWN_DELAY_MS instead'],
    ],
    [
      'frontend',
      { FRONTEND_LINGER_MS: '10000', PAIRING_SECRET_FILE: 'none' },
      ['FRONTEND_LINGER_MS: was renamed, set FRONTEND_SHUTDOWN_DELAY_MS instead'],
    ],
    [
      'signer',
      { SIGNER_SOCKET: `/${'s'.repeat(104)}`, SIGNER_KEY_DIR: 'hunter2' },
      ['SIGNER_SOCKET: is too long', 'SIGNER_KEY_DIR'],
    ],
    [
      'frontend',
      {
        FRONTEND_PORT: '65536',
        FRONTEND_SHUTDOWN_DELAY_MS: '-1',
        SIGNER_URL: 'http://user:hunter2@signer/sign',
        SIGNER_TIMEOUT_MS: '0',
        CALLER_TOKEN_FILE: 'hunter2',
      },
      [
        ...['FRONTEND_PORT', 'FRONTEND_SHUTDOWN_DELAY_MS', 'SIGNER_URL', 'SIGNER_TIMEOUT_MS'],
        ...['CALLER_TOKEN_FILE', 'PAIRING_SECRET_FILE'],
      ],
    ],
  ] as const)(
    'the %s reports every invalid variable and exits with 78: %#',
    async (name, env, problems) => {
      const service = startService(name, env)
      expect(await service.exit).toBe(78)
      for (const problem of problems) expect(service.output()).toContain(problem)
      expect(service.output()).not.toMatch(/hunter2|node:internal/)
    },
  )

  test('the frontend exits with 1 if its port is in use', async () => {
    const taken = await listenOnLoopback(createServer())
    const env = { FRONTEND_PORT: String(taken), PAIRING_SECRET_FILE: 'none' }
    const frontend = startService('frontend', env)
    expect(await frontend.exit).toBe(1)
    expect(frontend.output()).toMatch(/"event":"listen_failed","reason":".*EADDRINUSE/)
  })

  test('the signer exits with 1 if the folder of its socket is missing', async () => {
    const [folder, keyDir] = [await makeFolder(), await makeFolder()]
    const socket = join(folder, 'nowhere/s.sock')
    const env = { SIGNER_SOCKET: socket, SIGNER_KEY_DIR: keyDir, ...unpaired.env }
    const signer = startService('signer', env)
    expect(await signer.exit).toBe(1)
    expect(signer.output()).toContain('"event":"listen_failed"')
  })
})
