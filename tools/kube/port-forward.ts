// Forwards a local port to a Pod or Service, by kubectl.
import { spawn } from 'node:child_process'
import { atPace } from '../cli/pace.ts'

const startTimeoutMs = 4_000

/** `port` is on 127.0.0.1. The port-forward ends with `stop`, or with this process. */
export type PortForward = { port: number; stop: () => void }

/** Forwards a free local port to `target`, for example ['-n', 'signing', 'pod/name']. Throws Error with kubectl's output. */
export async function startPortForward(
  target: readonly string[],
  port: number,
): Promise<PortForward> {
  const args = ['port-forward', '--address', '127.0.0.1', ...target, `:${port}`]
  const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = () => child.kill()
  process.once('exit', stop)
  const localPort = await new Promise<number>((resolve, reject) => {
    let output = ''
    const timer = setTimeout(stop, atPace(startTimeoutMs))
    const fail = () => {
      clearTimeout(timer)
      process.off('exit', stop)
      reject(new Error(`kubectl port-forward failed: ${output.trim()}`))
    }
    const listen = (chunk: Buffer) => {
      output += chunk
      const found = /127\.0\.0\.1:(\d+) ->/.exec(output)?.[1]
      if (found === undefined) return
      clearTimeout(timer)
      resolve(Number(found))
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('error', fail)
    child.on('close', fail)
  })
  return { port: localPort, stop }
}

/** Returns the command that forwards `localPort`, for another terminal, which may have another KUBECONFIG or none. */
export function describePortForward(
  target: readonly string[],
  localPort: number,
  port: number,
): string {
  const config = process.env.KUBECONFIG ? `KUBECONFIG=${process.env.KUBECONFIG} ` : ''
  return `${config}kubectl port-forward ${target.join(' ')} ${localPort}:${port}`
}
