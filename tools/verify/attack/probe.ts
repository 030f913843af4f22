// An attacker's client. It sends bytes unchanged, which a client library would not. Containers run this file, so it imports
// no other file.
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'

export type Place = { host: string; port: number }

export type Probe = Place & {
  /** As latin1: one character is one byte. */
  bytes: string
  /** Use TLS and accept any server. `certificate` and `key`: PEM. */
  tls?: { certificate?: string; key?: string; serverName?: string; protocols?: string[] }
}

export type Outcome = {
  connected: boolean
  /** How the connection ended: "closed", "timeout" or the error. */
  end: 'closed' | 'timeout' | (string & {})
  /** As latin1. */
  received: string
}

/** Concurrent connections: fewer than the signer allows, so that it refuses none for overload. */
export const PARALLEL = 64

/** Runs the probes, `parallel` of them concurrently. The outcomes have the same order. */
export async function runProbes(
  probes: readonly Probe[],
  timeoutMs: number,
  parallel = PARALLEL,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let next = 0
  async function work(): Promise<void> {
    for (let index = next++; index < probes.length; index = next++) {
      outcomes[index] = await runProbe(probes[index] as Probe, timeoutMs)
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  return outcomes
}

/** Opens a connection, sends the bytes, and collects the answer until the server closes. */
function runProbe(probe: Probe, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const { host, port, tls } = probe
    const outcome: Outcome = { connected: false, end: 'closed', received: '' }
    const tcp = connectTcp({ host, port })
    const stream =
      tls === undefined
        ? tcp
        : connectTls({
            socket: tcp,
            rejectUnauthorized: false,
            ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
            ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
            ...(tls.protocols === undefined ? {} : { ALPNProtocols: tls.protocols }),
          })
    const timer = setTimeout(() => finish('timeout'), timeoutMs)
    function finish(end: string): void {
      clearTimeout(timer)
      stream.destroy()
      tcp.destroy()
      resolve({ ...outcome, end })
    }
    tcp.on('connect', () => {
      outcome.connected = true
    })
    tcp.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message))
    stream.on(tls === undefined ? 'connect' : 'secureConnect', () =>
      stream.write(Buffer.from(probe.bytes, 'latin1')),
    )
    stream.on('data', (chunk: Buffer) => {
      outcome.received += chunk.toString('latin1')
    })
    stream.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message))
    stream.on('close', () => finish('closed'))
  })
}
