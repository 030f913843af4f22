// moto, which plays AWS on loopback. It has its IAM checked: every request's signature, and what whoever signed it may do.
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { describePython } from './moto-program.ts'
import { startProgram } from './program.ts'
import { START_MS } from './timeouts.ts'

/** Starts it, out of test/external-secrets/support/moto-program.ts' `folder`, empty. `url`: where it answers. */
export async function startMoto(
  folder: string,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await findFreePort()
  const { command, env } = describePython(folder, 'moto_server')
  const moto = startProgram([...command, '-H', '127.0.0.1', '-p', String(port)], env)
  const url = `http://127.0.0.1:${port}`
  const isUp = () => fetch(`${url}/moto-api/data.json`).catch(() => undefined)
  await waitFor(isUp, START_MS, () => `moto does not answer: ${moto.readLog()}`)
  return { url, stop: moto.stop }
}

/** Has it take that many requests of anybody, and ask for a signature from then on. At its start it takes all. */
export async function letPass(url: string, requests: number): Promise<void> {
  const headers = { 'content-type': 'text/plain' }
  const body = String(requests)
  const { status } = await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', headers, body })
  if (status !== 200) throw new Error(`moto answers ${status} to reset-auth`)
}
