// The imitation of Google Cloud refuses what Google refuses. The tests of External Secrets stand on that.
import { readFile } from 'node:fs/promises'
import { connect } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { generateKeyPair } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { cleanUp } from '../../support/clean-up.ts'
import { ask } from '../../support/clouds/ask.ts'
import { type Google, openGoogle, secretHost, secretManager } from '../../support/google/google.ts'
import { accessPath, writeResponse } from '../../support/google/grpc.ts'
import { buySession, presentToken } from '../../support/google/present-token.ts'
import { type Issue, makeSampleCluster } from '../../support/google/sample-cluster.ts'
import { principalOf } from '../../support/google/token-service.ts'

const granted = { granted: true, reason: '' }
const secret = 'signing-hmac-key'
const role = 'roles/secretmanager.secretAccessor'
let google: Google
let issue: Issue

beforeAll(async () => {
  const sample = await makeSampleCluster()
  issue = sample.issue
  google = await openGoogle(sample.cluster)
  cleanUp(google.stop)
  await send(`secrets?secretId=${secret}`, { replication: { automatic: {} } })
  await add('the first')
  await allow([principalOf(google.cluster, 'signing', 'key-reader')])
})

test('a token with one flaw reads nothing: signature, issuer, audience, time or subject', async () => {
  const { privateKey } = await generateKeyPair('RS256')
  const token = await issue()
  for (const [flawed, reason] of [
    [await issue({}, privateKey), 'signature verification failed'],
    [`${token.slice(0, token.lastIndexOf('.'))}.`, 'signature verification failed'],
    ['no token', 'Invalid Compact JWS'],
    [await issue({ iss: 'https://other.example' }), '"iss"'],
    [await issue({ aud: ['signer'] }), '"aud"'],
    [await issue({ exp: Math.floor(Date.now() / 1_000) - 1 }), '"exp"'],
    [await issue({ sub: 'system:serviceaccount:signing:secure-signing' }), 'sub'],
    [await issue({ sub: 'system:serviceaccount:other:key-reader' }), 'sub'],
    [await issue({ sub: 'system:node:key-reader' }), 'sub'],
  ] as const) {
    expect(await present(flawed)).toEqual(denied(reason))
  }
  expect(await present(token)).toEqual(granted)
})

test('latest is the newest version also when that is disabled, and never an older one', async () => {
  await add('the newest')
  await send(`secrets/${secret}/versions/2:disable`, {})
  expect(await present()).toEqual(denied('/versions/2] is in DISABLED state'))
  await send(`secrets/${secret}/versions/2:enable`, {})
  expect(await present()).toEqual(granted)
  await send(`secrets/${secret}/versions/1:destroy`, {})
  expect(await present()).toEqual(granted)
})

test('with the right revoked a good token reads nothing, and with the right it writes nothing', async () => {
  await allow([])
  expect(await present()).toEqual(denied('secretmanager.versions.access'))
  await allow([principalOf(google.cluster, 'signing', 'key-reader')])
  expect(await present()).toEqual(granted)
  const bought = await buySession(await issue(), google.cluster, google.env)
  const session = 'session' in bought ? bought.session : ''
  await expect(add('its own', session)).rejects.toThrow('secretmanager.versions.add')
  await expect(add('its own', 'nobody')).rejects.toThrow('UNAUTHENTICATED')
})

test('a checksum must be that of the payload', async () => {
  const write = (dataCrc32c: string) => {
    const data = Buffer.from('123456789').toString('base64')
    return send(`secrets/${secret}:addVersion`, { payload: { data, dataCrc32c } })
  }
  // The check value of CRC-32C.
  await write(String(0xe3069283))
  await expect(write('1')).rejects.toThrow('checksum')
})

test('while Secret Manager is away nothing answers, and afterwards everything is as before', async () => {
  await google.secrets.close()
  await expect(present()).rejects.toThrow('502')
  await google.secrets.open()
  expect(await present()).toEqual(granted)
})

test('by gRPC, Secret Manager refuses who has no session, and says what is missing', async () => {
  const ca = await readFile(google.env.SSL_CERT_FILE)
  const session = connect(`https://127.0.0.1:${google.secrets.port}`, {
    ca,
    servername: secretHost,
  })
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
  expect(await access(google.owner)).toMatchObject(missing)
  // An AccessSecretVersionResponse with lengths of two bytes.
  const data = Buffer.alloc(200, 'x')
  const start = Buffer.from('00000000d10a016e12cb010ac801', 'hex')
  expect(writeResponse({ name: 'n', data })).toEqual(Buffer.concat([start, data]))
})

function denied(reason: string) {
  return { granted: false, reason: expect.stringContaining(reason) }
}

async function present(token?: string) {
  return presentToken(token ?? (await issue()), google.cluster, google.env)
}

async function send(path: string, value: object, token = google.owner): Promise<void> {
  const headers = { authorization: `Bearer ${token}` }
  const url = `${secretManager}/v1/projects/${google.cluster.projectId}/${path}`
  const sent = { method: 'POST', headers, body: JSON.stringify(value) }
  const { status, body } = await ask(url, google.env, sent)
  if (status !== 200) throw new Error(body)
}

function add(value: string, token?: string): Promise<void> {
  const data = Buffer.from(value).toString('base64')
  return send(`secrets/${secret}:addVersion`, { payload: { data } }, token)
}

function allow(members: string[]): Promise<void> {
  return send(`secrets/${secret}:setIamPolicy`, { policy: { bindings: [{ role, members }] } })
}
