// The package of client/, packed and installed as a user does it, signs against a real signer while token and secret change.
import { spawn } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import { beforeAll, expect, test, vi } from 'vitest'
import packageJson from '../../../package.json' with { type: 'json' }
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makeFolder, makeVolume, mountEntries } from '../../support/folder.ts'
import { readFile } from '../../support/pages/pages.ts'
import { makeFreshToken } from '../../support/services/caller-token.ts'
import { listenOnLoopback, serve } from '../../support/services/http.ts'
import { startSigner } from '../../support/services/services.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'
import { deriveKey, toSecret } from '../../support/webhooks/receivers.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS, hookTimeout: PROCESS_TEST_MS })

const key = randomBytes(32)
const mac = (message: string) => createHmac('sha256', key).update(message).digest('hex')

/** The examples of the README: with fetch, without, and of webhooks. */
const [sign = '', other = '', deliver = '', retry = ''] = [
  ...readFile('client/README.md').matchAll(/^```js\n(.*?)^```$/gms),
].map(([, code]) => code)

/** Signs each line of its input with the README's function. Prints the signature, or the code of the error. */
const application = `
import { createInterface } from 'node:readline'
import { sign } from './sign.js'
for await (const message of createInterface(process.stdin)) {
  const answer = await sign(message).catch((error) => ({ signature: error.cause.code }))
  console.log(answer.signature)
}
`

/** Delivers an event to the receiver that its first argument names, after one that no signer signs. Prints the error's advice. */
const sender = `
import { deliver } from './deliver.js'
import { retryAfter } from './retry.js'
const receiver = { name: 'acme', url: process.argv[2] }
await deliver({ text: 'Grüße' }, { ...receiver, name: 'a b' }).catch((error) => console.log(retryAfter(error, 1)))
const { status } = await deliver({ id: 'msg_1', text: 'Grüße' }, receiver)
console.log(status)
`

/** Wrong uses must be errors: without types, everything would be allowed. */
const typed = `
import { createSignerClient, createWebhookSigner, SignerError, signer } from 'secure-signing-client'
import type { SignWebhook, WebhookHeaders } from 'secure-signing-client'
const dispatcher = signer({ timeoutMs: 500 })
const response: Response = await fetch('http://localhost:8081/sign', { method: 'POST', body: '{}', dispatcher })
const { status, body } = await createSignerClient()({ method: 'POST', body: Buffer.from('{}') })
const answered: [number, number, string] = [response.status, status, body.toString('utf8')]
const isLate = (error: unknown) => error instanceof SignerError && error.code === 'signer_timeout'
const signWebhook: SignWebhook = createWebhookSigner({ client: createSignerClient() })
const signed: WebhookHeaders = await signWebhook(Buffer.from('{}'), { consumer: 'a', consumerVersions: [2, 1] })
await fetch('http://localhost', { method: 'POST', headers: { 'content-type': 'application/json', ...signed } })
const wait = (error: SignerError): number | undefined => (error.isPermanent ? undefined : error.retryAfter)
console.log(answered, isLate(undefined), wait)
// @ts-expect-error: not a number
signer({ timeoutMs: '500' })
// @ts-expect-error: no such code
isLate(new SignerError('late', ''))
// @ts-expect-error: not bytes
createSignerClient()({ method: 'POST', body: 1 })
// @ts-expect-error: not a body
signWebhook({})
// @ts-expect-error: no such option
signWebhook('{}', { consumer_versions: [1] })
`

let folder = ''
beforeAll(async () => {
  folder = await makeFolder()
  const packed = await run('npm', ['pack', '--pack-destination', folder, '--silent'], {
    cwd: join(CHECKOUT, 'client'),
  })
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  const install = ['install', '--offline', '--no-audit', '--no-fund', `./${packed.trim()}`]
  await run('npm', install, { cwd: folder })
  const webhooks = { 'deliver.js': deliver, 'retry.js': retry, 'sender.js': sender }
  const files = { 'sign.js': sign, 'other.js': other, 'application.js': application, ...webhooks }
  for (const [name, code] of Object.entries(files)) await writeFile(join(folder, name), code)
})

test('has the version of this repository, its licence, and no dependencies', () => {
  const installed = join(folder, 'node_modules/secure-signing-client')
  const read = (path: string) => readFileSync(path, 'utf8')
  const found = JSON.parse(read(join(installed, 'package.json')))
  expect(found).toMatchObject({ version: packageJson.version, license: packageJson.license })
  expect(Object.keys(found).filter((name) => /dependencies/i.test(name))).toEqual([])
  expect(read(join(installed, 'dist/LICENSE'))).toBe(read(join(CHECKOUT, 'LICENSE')))
})

test('has types that a strict program needs', async () => {
  const compilerOptions = {
    ...{ strict: true, noEmit: true, module: 'nodenext', target: 'es2022', lib: ['es2023'] },
    types: ['node'],
    typeRoots: [join(CHECKOUT, 'node_modules/@types')],
  }
  await writeFile(join(folder, 'typed.ts'), typed)
  const config = JSON.stringify({ compilerOptions, include: ['typed.ts'] })
  await writeFile(join(folder, 'tsconfig.json'), config)
  await run('tsc', ['-p', folder])
})

/** Starts the application. The returned function gives it a message, and returns what it prints. */
function startApplication(env: Record<string, string>) {
  const child = spawn(process.execPath, ['application.js'], {
    ...{ cwd: folder, env, stdio: ['pipe', 'pipe', 'inherit'] },
  })
  cleanUp(() => void child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return async (message: string): Promise<unknown> => {
    child.stdin.write(`${message}\n`)
    return (await lines.next()).value
  }
}

test('signs at the socket, also after the signer restarts with another secret', async () => {
  const { signer, restart, socket, pairingDir } = await startSigner({ a: key }, 0, {
    SIGNER_PEER: 'container',
  })
  await signer.waitFor('listening')
  const env = {
    SIGNER_URL: `unix:${socket}:/sign`,
    CALLER_TOKEN_FILE: 'none',
    PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
  }
  const ask = startApplication(env)
  expect(await ask('Grüße')).toBe(mac('Grüße'))
  signer.signal('SIGKILL')
  await signer.exit
  expect(await ask('b')).toBe('signer_unavailable')
  await restart().waitFor('listening')
  expect(await ask('c')).toBe(mac('c'))
  const printed = await run(process.execPath, ['other.js'], { cwd: folder, env })
  expect(printed).toContain(`200 {"signature":"${mac('hello')}"`)
})

test('signs a webhook, and the library of its receiver accepts it', async () => {
  const { signer, socket, pairingDir } = await startSigner({ 'webhook-1': toSecret(key) }, 0, {
    SIGNER_PEER: 'container',
  })
  await signer.waitFor('listening')
  const received: unknown[] = []
  const { href } = await serve(async (incoming, outgoing) => {
    const body = await text(incoming)
    const library = new Webhook(toSecret(deriveKey(key, 'acme')))
    const event = library.verify(body, incoming.headers as Record<string, string>)
    received.push([incoming.headers['webhook-id'], event])
    outgoing.writeHead(204).end()
  })
  const env = {
    SIGNER_URL: `unix:${socket}:/sign`,
    CALLER_TOKEN_FILE: 'none',
    PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
  }
  const printed = await run(process.execPath, ['sender.js', href], { cwd: folder, env })
  expect(printed).toBe('undefined\n204\n')
  expect(received).toEqual([['msg_1', { id: 'msg_1', text: 'Grüße' }]])
})

test('signs through a proxy while the token is renewed before and after the proxy knows its key', async () => {
  const [old, renewed] = [makeFreshToken(1_000), makeFreshToken(2_000)]
  const { signer, socket, pairingDir } = await startSigner({ a: key })
  await signer.waitFor('listening')
  let accepted = old
  const shown: unknown[] = []
  const proxy = createServer((incoming, outgoing) => {
    const { 'caller-token': token, ...headers } = incoming.headers
    shown.push(token)
    if (token !== accepted) return void outgoing.writeHead(401).end('Jwt verification fails')
    const target = { socketPath: socket, path: incoming.url, method: incoming.method, headers }
    const inner = request(target, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.rawHeaders)
      answer.pipe(outgoing)
    })
    incoming.pipe(inner)
  })
  cleanUp(() => proxy.closeAllConnections())
  const port = await listenOnLoopback(proxy)
  const volume = await makeVolume({ token: old })
  const ask = startApplication({
    SIGNER_URL: `http://127.0.0.1:${port}/sign`,
    CALLER_TOKEN_FILE: join(volume, 'token'),
    PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
  })
  expect(await ask('a')).toBe(mac('a'))
  await mountEntries(volume, { token: renewed }, '2')
  // The client reads the file again within a second. It goes on with the old token while the proxy refuses the new one.
  await vi.waitFor(async () => {
    expect(await ask('b')).toBe(mac('b'))
    expect(shown).toContain(renewed)
  }, PROCESS_TEST_MS / 2)
  expect(shown.slice(-2)).toEqual([renewed, old])
  accepted = renewed
  expect(await ask('c')).toBe(mac('c'))
  expect(shown.slice(-2)).toEqual([old, renewed])
})
