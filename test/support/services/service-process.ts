// Runs a service as its container does: the bundle in its own process, with the flags of its image and, if possible, its
// seccomp profile.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { inject } from 'vitest'
import { readEnvironment } from '../../../tools/images/containerfile.ts'
import { cleanUp } from '../clean-up.ts'
import { START_MS } from '../timeouts.ts'
import { confine } from './confined.ts'

export type ServiceProcess = {
  pid: number | undefined
  output: () => string
  /** Waits for a log line with the event and returns it. */
  waitFor: (event: string) => Promise<Record<string, unknown>>
  signal: (name: NodeJS.Signals) => void
  exit: Promise<number | null>
}

export function findBundle(service: 'signer' | 'frontend'): string {
  return join(inject('bundles'), service, 'main.mjs')
}

/** Starts a service with only this environment and the image's. The test kills it at its end. */
export function startService(
  service: 'signer' | 'frontend',
  env: Record<string, string>,
  flags: readonly string[] = [],
): ServiceProcess {
  // The frontend's profile forbids Unix sockets, so a frontend at the signer's socket runs without it. See docs/hardening.md.
  const isConfined = !env.SIGNER_URL?.startsWith('unix:')
  const program = [process.execPath, ...flags, findBundle(service)] as const
  const [command, ...args] = isConfined ? confine(service, program) : program
  const child = spawn(command, args, { env: { ...readEnvironment(service), ...env } })
  let output = ''
  const exit = new Promise<number | null>((done) => child.on('close', done))
  cleanUp(() => {
    child.kill('SIGKILL')
    return exit.then(() => {})
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  async function waitFor(event: string): Promise<Record<string, unknown>> {
    const deadline = Date.now() + START_MS
    for (;;) {
      const line = output.split('\n').find((each) => each.includes(`"event":"${event}"`))
      if (line !== undefined) return JSON.parse(line)
      if (Date.now() > deadline) throw new Error(`no "${event}" in the output:\n${output}`)
      if (child.exitCode !== null) throw new Error(`exited before "${event}":\n${output}`)
      await new Promise((done) => setTimeout(done, 10))
    }
  }
  const signal = (name: NodeJS.Signals) => void child.kill(name)
  return { pid: child.pid, output: () => output, waitFor, signal, exit }
}

/** Returns the port that a service reports in its log. */
export async function readPort(service: ServiceProcess): Promise<number> {
  const { address } = await service.waitFor('listening')
  return Number(String(address).replace('port ', ''))
}
