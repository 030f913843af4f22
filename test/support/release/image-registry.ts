// A container registry on a loopback port, without TLS.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import { cleanUp } from '../clean-up.ts'
import type { RegistryTools } from './registry-tools.ts'

const readyMs = 20_000

/** Starts it for as long as the test lasts. It keeps its images in `folder`. Returns its host and port. */
export async function startImageRegistry(tools: RegistryTools, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const host = `127.0.0.1:${await findFreePort()}`
  const config = join(folder, 'config.yml')
  const storage = { filesystem: { rootdirectory: join(folder, 'storage') } }
  const settings = { version: 0.1, log: { level: 'error' }, storage, http: { addr: host } }
  await writeFile(config, JSON.stringify(settings))
  const [command = '', ...args] = tools.command('docker-registry')
  const child = spawn(command, [...args, 'serve', config], { stdio: 'ignore' })
  cleanUp(async () => {
    if (child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const deadline = Date.now() + readyMs
  while (!(await fetch(`http://${host}/v2/`).catch(() => undefined))?.ok) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error('no registry started')
    await sleep(100)
  }
  return host
}
