// The Python client as an application has it: installed from the wheel, beside a real signer.
import { spawn } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeAll, expect, test, vi } from 'vitest'
import packageJson from '../../../package.json' with { type: 'json' }
import { run, tryRun } from '../../../tools/cli/exec.ts'
import {
  describePython,
  fetchPackages,
  type Python,
} from '../../../tools/local-cluster/programs/python.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { buildWheel, installWheel, PYTHON_CLIENT } from '../../support/clients/python.ts'
import { makeFolder } from '../../support/folder.ts'
import { makeFreshToken } from '../../support/services/caller-token.ts'
import { serve } from '../../support/services/http.ts'
import { forwardToSocket } from '../../support/services/mesh-proxy.ts'
import { startSigner } from '../../support/services/services.ts'
import {
  deriveKey,
  receive,
  signAnything,
  toSecret,
  type WebhookHeaders,
} from '../../support/webhooks/receivers.ts'
import { type Received, verifyWith } from '../../support/webhooks/verifiers.ts'

/** The first run fetches packages. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 })

const key = randomBytes(32)
const signed = (message: string) => ({
  status: 200,
  signature: createHmac('sha256', key).update(message).digest('hex'),
  key_id: 'key-1',
  algorithm: 'HMAC-SHA256',
})

let python: Python
let wheel: string
beforeAll(async () => {
  const installed = await makeFolder()
  wheel = await buildWheel(await makeFolder())
  await installWheel(wheel, installed)
  python = describePython(
    installed,
    await fetchPackages(join(PYTHON_CLIENT, 'test/requirements.txt')),
  )
})

function runPython(args: readonly string[]) {
  const [program, ...flags] = python.command
  return tryRun(program, [...flags, ...args], {
    cwd: PYTHON_CLIENT,
    env: { ...process.env, ...python.env },
  })
}

/** Starts Python, which has messages signed in one way. `ask` returns the answer. */
function startClient(args: readonly string[], environment: Record<string, string>) {
  const [program, ...flags] = python.command
  const script = join(PYTHON_CLIENT, 'test/sign_lines.py')
  const child = spawn(program, [...flags, script, ...args], {
    env: { ...process.env, ...python.env, ...environment },
  })
  cleanUp(() => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const ask = async (message: unknown): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(message)}\n`)
    return JSON.parse((await lines.next()).value ?? `"Python exited: ${JSON.stringify(output)}"`)
  }
  return { ask, output: () => output }
}

/** Replaces a file in one step, as kubelet does. */
async function replaceFile(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content)
  await rename(`${file}.new`, file)
}

test('the wheel holds the modules with their types, and requires nothing', async () => {
  const listed = await run('python3', ['-m', 'zipfile', '-l', wheel])
  const names = [...listed.matchAll(/^(secure_signing\/\S+)/gm)].map(([, name]) => name)
  expect(names.sort()).toEqual([
    'secure_signing/__init__.py',
    'secure_signing/_credentials.py',
    'secure_signing/_settings.py',
    'secure_signing/_webhooks.py',
    'secure_signing/httpx.py',
    'secure_signing/py.typed',
    'secure_signing/requests.py',
  ])
  const script = `import importlib.metadata as m; d = m.distribution("secure-signing"); print(d.version, *d.requires, sep="\\n")`
  expect((await runPython(['-c', script])).stdout.trim().split('\n')).toEqual([
    packageJson.version,
    expect.stringMatching(/^httpx.*extra == ["']httpx["']$/),
    expect.stringMatching(/^requests.*extra == ["']requests["']$/),
  ])
})

test('its own tests pass, with the vectors that all clients share', async () => {
  const { code, stderr } = await runPython(['-m', 'unittest', 'discover', '-s', 'test'])
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/^Ran [1-9]\d\d tests /m),
  })
})

const ways = ['requests session', 'httpx client', 'httpx async client']

test.each(['requests.post', 'httpx.post', ...ways])(
  '%s signs through the mesh, and goes on when token and secret are replaced',
  async (way) => {
    const { signer, restart, socket, pairingDir } = await startSigner({ 'key-1': key })
    await signer.waitFor('listening')
    const tokens = [600, 1_200].map(makeFreshToken)
    const tokenFile = join(await makeFolder(), 'token')
    await replaceFile(tokenFile, tokens[0] ?? '')
    let valid = tokens[0]
    const { href } = await serve(forwardToSocket(socket, (token) => token === valid))
    const { ask, output } = startClient([way, href], {
      SIGNER_URL: href,
      CALLER_TOKEN_FILE: tokenFile,
      PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
    })
    expect(await ask('Grüße')).toEqual(signed('Grüße'))
    signer.signal('SIGKILL')
    await signer.exit
    await restart().waitFor('listening')
    expect(await ask('after a restart')).toEqual(signed('after a restart'))
    await replaceFile(tokenFile, tokens[1] ?? '')
    expect(await ask('before the mesh has the key')).toEqual(signed('before the mesh has the key'))
    valid = tokens[1]
    expect(await ask('when it has the key')).toEqual(signed('when it has the key'))
    for (const token of tokens) expect(output()).not.toContain(token)
  },
)

test.each(ways)('%s signs over the socket, also after a restart of the signer', async (way) => {
  const environment = { SIGNER_PEER: 'container' }
  const { signer, restart, socket, pairingDir } = await startSigner(
    { 'key-1': key },
    0,
    environment,
  )
  await signer.waitFor('listening')
  const { ask } = startClient([way], {
    SIGNER_URL: `unix:${socket}:/sign`,
    CALLER_TOKEN_FILE: 'none',
    PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
  })
  expect(await ask('a')).toEqual(signed('a'))
  signer.signal('SIGKILL')
  await signer.exit
  await restart().waitFor('listening')
  expect(await ask('b')).toEqual(signed('b'))
})

test('each session and client has webhooks signed, which the library of PyPI accepts', async () => {
  const [first, second] = [randomBytes(32), randomBytes(24)]
  const entries = {
    'key-1': key,
    'webhook-1': toSecret(first),
    'webhook-2': toSecret(second),
    'webhook-primary': 'webhook-2',
  }
  const container = { SIGNER_PEER: 'container' }
  const { signer, socket, pairingDir } = await startSigner(entries, 0, container)
  await signer.waitFor('listening')
  const received: Received[] = []
  for (const way of ways) {
    const { ask } = startClient([way], {
      SIGNER_URL: `unix:${socket}:/sign`,
      CALLER_TOKEN_FILE: 'none',
      PAIRING_SECRET_FILE: join(pairingDir, 'secret'),
    })
    const sign = (body: string | Buffer, options = {}) =>
      ask({ body: Buffer.from(body).toString('base64'), ...options }) as Promise<WebhookHeaders>

    const body = '{"message":"Grüße","price":19.99}'
    const shared = await sign(body)
    const own = await sign(body, { consumer: 'acme', consumer_versions: [2, 1], id: 'msg_17' })
    expect(own['webhook-id']).toBe('msg_17')
    const keys = [first, second].flatMap((each) => [1, 2].map((n) => deriveKey(each, 'acme', n)))
    received.push(
      ...[first, second].map((each) => receive(each, shared, body)),
      ...keys.map((each) => receive(each, own, body)),
    )

    const bytes = Buffer.from([0xff, 0x2e, 0x00])
    const signedBytes = await sign(bytes, { key_id: 'webhook-1' })
    const { 'webhook-id': id, 'webhook-timestamp': timestamp } = signedBytes
    expect(signedBytes).toEqual(signAnything(first, id, timestamp, bytes))

    const refused = { code: 'invalid_request', permanent: true }
    expect(await sign('y.1900000000.z')).toMatchObject({ code: 'ambiguous_body', permanent: true })
    expect(await sign(body, { id: 'a.b' })).toMatchObject(refused)
    expect(await sign(body, { consumer: 'a b' })).toMatchObject(refused)
    expect(await sign(body, { key_id: 'key-1' })).toMatchObject({ ...refused, permanent: false })
  }
  expect(await verifyWith('PyPI', received)).toEqual(received.map(() => true))
})
