// make deploy asks an issuer over https, and trusts the certificates of the system.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { run } from '../../tools/cli/exec.ts'
import { formatKeySet } from '../../tools/kube/key-set.ts'
import { cleanUp } from '../support/clean-up.ts'
import { makeFolder } from '../support/folder.ts'

const module = join(CHECKOUT, 'tools/deploy/token-keys/public-keys.ts')
const keys = formatKeySet([{ kty: 'RSA', kid: 'a', n: 'AQAB', e: 'AQAB' }])
let issuer: string
let certificate: string

beforeAll(async () => {
  const folder = await makeFolder()
  certificate = join(folder, 'crt')
  const subject = ['-subj', '/CN=issuer', '-addext', 'subjectAltName=IP:127.0.0.1']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const files = ['-keyout', join(folder, 'key'), '-out', certificate]
  await run('openssl', ['req', '-x509', ...key, ...files, ...subject])
  const tls = { key: await readFile(join(folder, 'key')), cert: await readFile(certificate) }
  const server = createServer(tls, ({ url }, outgoing) => {
    if (url === '/.well-known/openid-configuration') {
      outgoing.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }))
    } else if (url === '/keys') outgoing.end(keys)
    else outgoing.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp(() => server.close())
  issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
})

/** Asks for the issuer `name`, on a system that trusts `trusted`. */
async function find(name: string, trusted: string): Promise<unknown> {
  const call = `findPublicKeys(${JSON.stringify({ issuer: name, keys })})`
  const script = `import { findPublicKeys } from ${JSON.stringify(module)}
    console.log(JSON.stringify(await ${call}))`
  const env = { ...process.env, SSL_CERT_FILE: trusted }
  return JSON.parse(await run(process.execPath, ['--input-type=module', '-e', script], { env }))
}

test('an issuer whose certificate the system trusts is public', async () => {
  expect(await find(issuer, certificate)).toEqual({ uri: `${issuer}/keys` })
})

test('an issuer with another certificate is private, and the reason is there', async () => {
  expect(await find(issuer, '/dev/null')).toEqual({
    because: expect.stringMatching(/cannot fetch the keys of https:.*certificate/),
  })
})

test('an issuer without a discovery document is private, and the reason is there', async () => {
  expect(await find(`${issuer}/other`, certificate)).toEqual({
    because: expect.stringContaining('/other/.well-known/openid-configuration answers 404'),
  })
})
