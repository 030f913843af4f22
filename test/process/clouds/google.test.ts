// The imitation of Google Cloud refuses what Google refuses, or the tests of External Secrets would prove nothing.
import { readFile } from 'node:fs/promises'
import { connect } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { generateKeyPair } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { makeCertificates } from '../../external-secrets/support/clouds/certificates.ts'
import { hosts, openCloud } from '../../external-secrets/support/google/cloud.ts'
import { imitateGoogle } from '../../external-secrets/support/google/google.ts'
import { accessPath, writeResponse } from '../../external-secrets/support/google/grpc.ts'
import {
  type Issue,
  makeSampleCluster,
} from '../../external-secrets/support/google/sample-cluster.ts'
import type { KeyManager } from '../../external-secrets/support/key-manager.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

const granted = { granted: true, reason: '' }
let google: KeyManager
let issue: Issue

beforeAll(async () => {
  const sample = await makeSampleCluster()
  issue = sample.issue
  google = await imitateGoogle(sample.cluster, 'REST')
  cleanUp(google.stop)
  await google.runCommand('the first value')
  expect(await google.presentToken(await issue())).toEqual(denied('versions.access'))
  await google.grant()
}, PROCESS_TEST_MS)

test('a token with one flaw reads nothing: signature, issuer, audience, time or subject', async () => {
  const { privateKey } = await generateKeyPair('RS256')
  const past = Math.floor(Date.now() / 1_000) - 1
  const token = await issue()
  for (const [flawed, reason] of [
    [await issue({}, privateKey), 'signature verification failed'],
    [`${token.slice(0, token.lastIndexOf('.'))}.`, 'signature verification failed'],
    ['no token', 'Invalid Compact JWS'],
    [await issue({ iss: 'https://other.example' }), '"iss"'],
    [await issue({ aud: ['signer'] }), '"aud"'],
    [await issue({ exp: past }), '"exp"'],
    [await issue({ sub: 'system:serviceaccount:signing:secure-signing' }), 'sub'],
    [await issue({ sub: 'system:serviceaccount:other:key-reader' }), 'sub'],
    [await issue({ sub: 'system:node:key-reader' }), 'sub'],
  ] as const) {
    expect(await google.presentToken(flawed)).toEqual(denied(reason))
  }
  expect(await google.presentToken(token)).toEqual(granted)
})

test('latest is the newest version also when that is disabled, and never an older one', {
  timeout: PROCESS_TEST_MS,
}, async () => {
  await google.write('the newest')
  const enable = await google.disableNewest()
  const disabled = '/versions/2] is in DISABLED state'
  expect(await google.presentToken(await issue())).toEqual(denied(disabled))
  await expect(google.read()).rejects.toThrow(disabled)
  await enable()
  expect(await google.presentToken(await issue())).toEqual(granted)
})

test('while Google is away nothing answers, and afterwards everything is as before', async () => {
  await google.goAway()
  await expect(google.presentToken(await issue())).rejects.toThrow('502')
  await google.comeBack()
  expect(await google.presentToken(await issue())).toEqual(granted)
})

test('with the right revoked a good token reads nothing', async () => {
  await google.revoke()
  expect(await google.presentToken(await issue())).toEqual(denied('versions.access'))
})

test('by gRPC, Secret Manager refuses who has no session, and says what is missing', async () => {
  const certificates = await makeCertificates(hosts)
  const { port, owner, close } = await openCloud((await makeSampleCluster()).cluster, certificates)
  cleanUp(close)
  const ca = await readFile(certificates.authority)
  const session = connect(`https://127.0.0.1:${port}`, { ca, servername: hosts[1] })
  cleanUp(() => session.destroy())
  // An AccessSecretVersionRequest, by the encodings of gRPC and protobuf.
  const request = Buffer.from('\0\0\0\0\x26\x0a\x24projects/p/secrets/s/versions/latest')
  const access = async (token: string) => {
    const headers = { ':method': 'POST', ':path': accessPath, authorization: `Bearer ${token}` }
    const stream = session.request(headers)
    const trailers = new Promise((resolve) => stream.on('trailers', resolve))
    stream.end(request)
    await buffer(stream)
    return trailers
  }
  expect(await access('nobody')).toMatchObject({ 'grpc-status': '16' })
  const missing = { 'grpc-status': '5', 'grpc-message': expect.stringContaining('not%20found') }
  expect(await access(owner)).toMatchObject(missing)
  // An AccessSecretVersionResponse with lengths of two bytes.
  const data = Buffer.alloc(200, 'x')
  const start = Buffer.from('00000000d10a016e12cb010ac801', 'hex')
  expect(writeResponse({ name: 'n', data })).toEqual(Buffer.concat([start, data]))
})

function denied(reason: string) {
  return { granted: false, reason: expect.stringContaining(reason) }
}
