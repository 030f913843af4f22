// A message through whatever stands in front of the frontend: redirects, TLS by a private CA, and names that are not in DNS.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer as createHttp, type RequestListener, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../../tools/cli/exec.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makeFolder } from '../../support/folder.ts'
import { processMessage } from '../../support/process-message.ts'

const body = { processed_message: 'HELLO', signature: '0'.repeat(64), key_id: 'key-1' }
const signed = { message: 'HELLO', signature: '0'.repeat(64), keyId: 'key-1' }
const options = { waitMs: 0, ca: undefined }

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  cleanUp(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
const serve = async (answer: RequestListener) => {
  const port = await listen(createHttp(answer))
  return { url: `http://127.0.0.1:${port}` }
}

test.each([301, 302, 303, 307, 308])(
  'a redirect by %i is named and not followed',
  async (status) => {
    let followed = 0
    const gateway = await serve((request, response) => {
      if (request.url !== '/process') followed += 1
      response.writeHead(status, { location: 'https://signing.example/process' }).end()
    })
    const sent = processMessage(gateway, 'hello', { ...options, waitMs: 60_000 })
    await expect(sent).rejects.toThrow(`${status}, a redirect to https://signing.example/process`)
    await expect(sent).rejects.toHaveProperty(
      'todo',
      expect.stringContaining('https://signing.example'),
    )
    expect(followed).toBe(0)
  },
)

test('an answer of another server is shown in its own words', async () => {
  const gateway = await serve((_, response) => {
    response.writeHead(503, { server: 'istio-envoy' }).end('no healthy upstream')
  })
  const sent = processMessage(gateway, 'hello', options)
  await expect(sent).rejects.toThrow('503 from "istio-envoy": no healthy upstream')
})

test('a server that hangs up is tried again', async () => {
  let count = 0
  const gateway = await serve((request, response) => {
    count += 1
    if (count === 1) request.socket.destroy()
    else response.end(JSON.stringify(body))
  })
  expect(await processMessage(gateway, 'hello', { ...options, waitMs: 10_000 })).toEqual(signed)
})

describe('with TLS by a private CA', () => {
  let ca: string
  let gateway: { url: string; address: { host: string; port: number } }
  const seen: unknown[] = []

  beforeAll(async () => {
    const folder = await makeFolder()
    const subject = [
      '-subj',
      '/CN=signing.example',
      '-addext',
      'subjectAltName=DNS:signing.example',
    ]
    const key = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'key.pem',
    ]
    await run('openssl', ['req', '-x509', ...key, ...subject, '-out', 'crt.pem'], { cwd: folder })
    ca = join(folder, 'crt.pem')
    const pair = { cert: await readFile(ca), key: await readFile(join(folder, 'key.pem')) }
    const port = await listen(
      createHttps(pair, (request, response) => {
        seen.push(request.headers.host, (request.socket as TLSSocket).servername)
        response.end(JSON.stringify(body))
      }),
    )
    gateway = { url: 'https://signing.example', address: { host: '127.0.0.1', port } }
  })

  test('the name goes into SNI and Host, and the connection to the address', async () => {
    expect(await processMessage(gateway, 'hello', { ...options, ca })).toEqual(signed)
    expect(seen).toEqual(['signing.example', 'signing.example'])
  })

  test('without its CA the error names GATEWAY_CACERT', async () => {
    const sent = processMessage(gateway, 'hello', { ...options, waitMs: 60_000 })
    await expect(sent).rejects.toThrow("the gateway's certificate is not accepted")
    await expect(sent).rejects.toHaveProperty('todo', expect.stringContaining('GATEWAY_CACERT'))
  })

  test('under another name the error names PUBLIC_HOST', async () => {
    const sent = processMessage({ ...gateway, url: 'https://other.example' }, 'hello', {
      ...options,
      ca,
    })
    await expect(sent).rejects.toHaveProperty('todo', expect.stringContaining('PUBLIC_HOST'))
  })

  test('plain HTTP to the port says that it speaks TLS', async () => {
    const plain = { url: `http://127.0.0.1:${gateway.address.port}` }
    await expect(processMessage(plain, 'hello', options)).rejects.toThrow('returns no signature')
  })

  test('a file that is no certificate is refused', async () => {
    const sent = processMessage(gateway, 'hello', { ...options, ca: join(ca, '..', 'key.pem') })
    await expect(sent).rejects.toThrow('is not a PEM file with certificates')
  })
})
