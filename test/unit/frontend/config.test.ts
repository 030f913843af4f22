// Configurations that the frontend refuses, above all those that would disable a control by mistake.
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../../frontend/config.ts'

const overSocket = {
  SIGNER_URL: 'unix:/run/signer/signer.sock:/sign',
  CALLER_TOKEN_FILE: 'none',
  PAIRING_SECRET_FILE: '/run/pairing/secret',
}

describe('SIGNER_URL', () => {
  test.each([
    ['http://localhost:8081/sign', { hostname: 'localhost', port: '8081' }],
    ['http://[::1]:8081/sign', { hostname: '::1', port: '8081' }],
    ['http://signer/sign', { hostname: 'signer', port: undefined }],
  ])('%s calls the signer through the mesh', (SIGNER_URL, connect) => {
    const { signer, callerTokenFile } = loadConfig({ SIGNER_URL, PAIRING_SECRET_FILE: 'none' })
    expect(signer).toEqual({ connect, path: '/sign' })
    expect(callerTokenFile).toBe('/run/identity/token')
  })

  test('unix: calls the signer at its socket, without a token', () => {
    const { signer, callerTokenFile } = loadConfig(overSocket)
    const connect = { socketPath: '/run/signer/signer.sock' }
    expect(signer).toEqual({ connect, path: '/sign' })
    expect(callerTokenFile).toBeUndefined()
  })

  test.each([
    'unix:/run/signer/signer.sock',
    'unix:run/signer.sock:/sign',
    'unix:/run/signer.sock:/sign?a=b',
    'unix:/run/signer.sock:sign',
    'unix:/run/%00/signer.sock:/sign',
    'unix://host/run/signer.sock:/sign',
    'https://localhost:8081/sign',
    'http://user@localhost:8081/sign',
    'http://localhost:8081/sign#a',
    'localhost:8081',
  ])('cannot be %s', (SIGNER_URL) => {
    expect(() => loadConfig({ ...overSocket, SIGNER_URL })).toThrow(/^SIGNER_URL: must be an http:/)
  })
})

test.each([
  ['a token over a socket', { CALLER_TOKEN_FILE: '/run/identity/token' }, 'CALLER_TOKEN_FILE'],
  ['a forgotten token variable', { CALLER_TOKEN_FILE: undefined }, 'CALLER_TOKEN_FILE'],
  ['no token through the mesh', { SIGNER_URL: 'http://localhost:8081/sign' }, 'CALLER_TOKEN_FILE'],
  ['no pairing over a socket', { PAIRING_SECRET_FILE: 'none' }, 'PAIRING_SECRET_FILE'],
  ['a forgotten pairing variable', { PAIRING_SECRET_FILE: undefined }, 'PAIRING_SECRET_FILE'],
])('refuses %s', (_, change, variable) => {
  expect(() => loadConfig({ ...overSocket, ...change })).toThrow(
    new RegExp(`^${variable}: must be`),
  )
})

test.each(['CALLER_TOKEN_FILE', 'PAIRING_SECRET_FILE'])(
  '%s names both values that it allows',
  (name) => {
    expect(() => loadConfig({ ...overSocket, [name]: 'run/relative' })).toThrow(
      `${name}: must be an absolute path, or the word none`,
    )
  },
)

describe('FRONTEND_HOST', () => {
  const load = (FRONTEND_HOST?: string) => loadConfig({ ...overSocket, FRONTEND_HOST }).host

  test('is an address, or unset for every address', () => {
    expect([load('127.0.0.1'), load('::1'), load()]).toEqual(['127.0.0.1', '::1', undefined])
  })

  test.each(['', 'localhost', '127.0.0.1:8080'])('cannot be %j', (host) => {
    expect(() => load(host)).toThrow('FRONTEND_HOST: must be an IP address')
  })
})
