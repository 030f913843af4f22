// `make demo` signs, its printed commands work, and it leaves neither processes nor files, however it ends.
import { spawn } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makeFolder } from '../../support/folder.ts'
import { listenOnLoopback } from '../../support/services/http.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

/** Starts the demo in a process group of its own, as a terminal does. Its files are in a folder of the test. */
async function startDemo(port: number | string) {
  const folder = await makeFolder()
  const env = { ...process.env, TMPDIR: folder, DEMO_PORT: String(port) }
  const options = { cwd: CHECKOUT, env, detached: true }
  const child = spawn(process.execPath, ['tools/demo/demo.ts'], options)
  let output = ''
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const pid = child.pid ?? 0
  const exit = new Promise((done) => child.on('close', done))
  cleanUp(() => {
    if (child.exitCode === null) process.kill(-pid, 'SIGKILL')
  })
  /** The services: their ids and command lines. */
  const listServices = async () =>
    (await run('ps', ['-A', '-o', 'pid=,ppid=,args='])).split('\n').flatMap((line) => {
      const [, id, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
      return Number(parent) === pid ? [{ id: Number(id), args }] : []
    })
  const signal = (name: NodeJS.Signals) => process.kill(-pid, name)
  const readFiles = () => readdir(folder)
  const introduced = () =>
    vi.waitFor(() => expect(output).toContain('Ctrl-C'), PROCESS_TEST_MS / 2).then(() => output)
  return { exit, signal, listServices, readFiles, introduced, output: () => output }
}

type Demo = Awaited<ReturnType<typeof startDemo>>

/** Expects that the demo ends with `code`, and that its services and files are gone. */
async function expectEnd({ exit, readFiles }: Demo, code: number, services: { id: number }[]) {
  expect(await exit).toBe(code)
  expect(await readFiles()).toEqual([])
  for (const { id } of services) expect(() => process.kill(id, 0)).toThrow('ESRCH')
}

test('signs, prints commands that work, and ends with Ctrl-C', async () => {
  const port = await findFreePort()
  const demo = await startDemo(port)
  const output = await demo.introduced()
  const services = await demo.listServices()
  expect(services.map(({ args }) => /(\w+)\/main\.ts$/.exec(args)?.[1]).sort()).toEqual([
    ...['frontend', 'signer'],
  ])
  // Node keeps the frontend from the key's folder, and the key is no argument.
  for (const { args } of services) {
    expect(args).toContain('--permission')
    expect(args.includes('/key')).toBe(args.endsWith('signer/main.ts'))
  }
  const commands = [...output.matchAll(/^ {2}\$ (.*)$/gm)].map(([, command = '']) => command)
  const [answer = '', hmac = '', verified = ''] = await Promise.all(
    commands.map((command) => run('bash', ['-euo', 'pipefail', '-c', command], { cwd: CHECKOUT })),
  )
  const { signature, ...others } = JSON.parse(answer)
  expect(others).toEqual({ processed_message: 'HELLO', key_id: 'key-1' })
  expect(output).toContain(answer)
  expect(hmac.trim()).toBe(signature)
  expect(verified).toMatch(/intact/)
  await vi.waitFor(() => expect(demo.output().match(/"outcome":"signed"/g)).toHaveLength(2))
  // Other machines cannot connect. Linux has this second loopback address.
  await expect(fetch(`http://127.0.0.2:${port}/healthz`)).rejects.toThrow('fetch failed')
  demo.signal('SIGINT')
  await expectEnd(demo, 0, services)
})

test('ends with an error when a service ends, and stops the other one', async () => {
  const demo = await startDemo(await findFreePort())
  await demo.introduced()
  const services = await demo.listServices()
  const signer = services.find(({ args }) => args.endsWith('signer/main.ts'))
  process.kill(signer?.id ?? 0, 'SIGKILL')
  await expectEnd(demo, 1, services)
  expect(demo.output()).toMatch(/^the signer ended: /m)
})

test('says that the port is in use, and how to choose another one', async () => {
  const server = createServer()
  cleanUp(() => void server.close())
  const port = await listenOnLoopback(server)
  const demo = await startDemo(port)
  await expectEnd(demo, 1, [])
  expect(demo.output()).toBe(
    `port ${port} is in use\n  → Stop the program that uses it, or choose another port: make demo DEMO_PORT=8090\n`,
  )
})

test.each(['0', '65536', '80a'])('refuses DEMO_PORT=%s', async (port) => {
  const demo = await startDemo(port)
  await expectEnd(demo, 1, [])
  expect(demo.output()).toContain(`DEMO_PORT=${port} is not a port`)
})

test('the script refuses a key that is longer than a block of SHA-256', async () => {
  const script = join(CHECKOUT, 'tools/demo/openssl-hmac.sh')
  const file = join(await makeFolder(), 'key')
  const [fits, tooLong] = [randomBytes(64), randomBytes(65)]
  await writeFile(file, fits)
  const { stdout } = await tryRun(script, [file], { input: 'a' })
  expect(stdout.trim()).toBe(createHmac('sha256', fits).update('a').digest('hex'))
  await writeFile(file, tooLong)
  expect(await tryRun(script, [file], { input: 'a' })).toMatchObject({
    code: 1,
    stderr: `${file} is longer than 64 bytes. Use a shorter key.\n`,
  })
})
