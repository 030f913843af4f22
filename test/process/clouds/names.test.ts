// What the imitations of the clouds stand on: names that lead to loopback, and certificates for them.
import { once } from 'node:events'
import { createServer } from 'node:https'
import { expect, test } from 'vitest'
import { run } from '../../../tools/cli/exec.ts'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { ask } from '../../support/clouds/ask.ts'
import { type Certificates, makeCertificates } from '../../support/clouds/certificates.ts'
import { openProxy } from '../../support/clouds/proxy.ts'

const name = 'vault.example'

test('a name leads to its server, a server that is away gives 502, and every other name 403', async () => {
  const certificates = await makeCertificates([name])
  const port = await findFreePort()
  const { proxy, env } = await open(port, certificates)
  await expect(ask(`https://${name}/`, env)).rejects.toThrow('502')
  await serve(port, certificates)
  expect(await ask(`https://${name}/`, env)).toEqual({ status: 200, body: 'here' })
  expect(proxy.refused).toEqual([])
  await expect(ask('https://other.example/', env)).rejects.toThrow('403')
  expect(proxy.refused).toEqual(['other.example:443'])
})

test('who trusts the authority of another test file trusts no certificate of this one', async () => {
  const port = await findFreePort()
  await serve(port, await makeCertificates([name]))
  const { env } = await open(port, await makeCertificates([name]))
  await expect(ask(`https://${name}/`, env)).rejects.toThrow('certificate')
})

test('the certificates pass the strict checks of Python 3.13', async () => {
  const { authority, cert } = await makeCertificates([name])
  const strict = ['verify', '-x509_strict', '-verify_hostname', name, '-CAfile', authority]
  expect(await run('openssl', strict, { input: cert })).toBe('stdin: OK\n')
})

async function open(port: number, { authority }: Certificates) {
  const proxy = await openProxy({ [name]: port })
  cleanUp(proxy.stop)
  return { proxy, env: { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: authority } }
}

async function serve(port: number, { cert, key }: Certificates): Promise<void> {
  const server = createServer({ cert, key }, (_, answer) => void answer.end('here'))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => server.close())
}
