// A port of a Pod or Service, brought to this machine's loopback by kubectl.
import { spawn } from 'node:child_process'

/** Milliseconds until a port-forward that does not listen is given up. */
const startTimeoutMs = 4_000

/** `port`: on 127.0.0.1. `stop` ends it; it also ends with this process. */
export type PortForward = { port: number; stop: () => void }

/** Forwards a free local port to `port` of `target`, e.g. ['-n', 'signing', 'pod/name']. Throws if kubectl fails. */
export async function startPortForward(
  target: readonly string[],
  port: number,
): Promise<PortForward> {
  const args = ['port-forward', '--address', '127.0.0.1', ...target, `:${port}`]
  const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = () => child.kill()
  process.once('exit', stop)
  const localPort = await new Promise<number>((resolve, reject) => {
    let said = ''
    const timer = setTimeout(stop, startTimeoutMs)
    const fail = () => {
      clearTimeout(timer)
      process.off('exit', stop)
      reject(new Error(`kubectl port-forward failed: ${said.trim()}`))
    }
    const listen = (chunk: Buffer) => {
      said += chunk
      const found = /127\.0\.0\.1:(\d+) ->/.exec(said)?.[1]
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
