// moto, which simulates AWS on loopback and checks every request's signature and rights, and the AWS command line.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../../tools/cli/checkout.ts'
import { run } from '../../../../tools/cli/exec.ts'
import { findFreePort } from '../../../../tools/local-cluster/free-port.ts'
import { cached, keyOf } from '../../../../tools/local-cluster/programs/cache.ts'
import { installWheels } from '../../../../tools/local-cluster/programs/wheels.ts'
import { waitFor } from '../../../../tools/verify/attack/wait.ts'
import { PROGRAM_MS } from '../../../support/timeouts.ts'
import { startProgram } from '../program.ts'

const REQUIREMENTS = join(CHECKOUT, 'test/support/programs/moto/requirements.txt')

export async function fetchMoto(): Promise<string> {
  const requirements = await readFile(REQUIREMENTS, 'utf8')
  const version = /^moto==(\S+)/m.exec(requirements)?.[1] ?? ''
  // The version of pip says for which Python the wheels are.
  const key = keyOf(requirements, await run('pip3', ['--version']))
  return cached(`programs/moto-${version}-${key}`, (folder) => installWheels(REQUIREMENTS, folder))
}

/** Returns how to run a program of that folder without the machine's packages, and without writing into the folder. */
export function describePython(folder: string, program: string) {
  return {
    command: ['python3', '-S', join(folder, 'bin', program)] as const,
    env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
  }
}

export async function startMoto(
  folder: string,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await findFreePort()
  const { command, env } = describePython(folder, 'moto_server')
  const moto = startProgram([...command, '-H', '127.0.0.1', '-p', String(port)], env)
  const url = `http://127.0.0.1:${port}`
  const isUp = () => fetch(`${url}/moto-api/data.json`).catch(() => undefined)
  await waitFor(isUp, PROGRAM_MS, () => `moto does not answer: ${moto.readLog()}`)
  return { url, stop: moto.stop }
}

/** Lets that many requests pass without a check. At its start moto lets all pass. */
export async function letPass(url: string, requests: number): Promise<void> {
  const headers = { 'content-type': 'text/plain' }
  const body = String(requests)
  const { status } = await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', headers, body })
  if (status !== 200) throw new Error(`moto answers ${status} to reset-auth`)
}
