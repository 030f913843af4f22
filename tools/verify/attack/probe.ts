// The attacker's end of a connection. It runs here, and, sent there by standard input, in any container that has Node;
// so it imports nothing of ours. Bytes go out as they are: a client library would tidy them up.
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'

export type Place = { host: string; port: number }

export type Probe = Place & {
  /** latin1: one character a byte. */
  bytes: string
  /** Talk TLS and trust anybody; `certificate` and `key` in PEM. */
  tls?: { certificate?: string; key?: string; serverName?: string; protocols?: string[] }
}

export type Outcome = {
  connected: boolean
  /** How it ended: closed by the other side in order, or by an error, or not at all. */
  end: 'closed' | 'timeout' | (string & {})
  /** latin1. */
  received: string
}

/** Connections at a time: fewer than the signer takes, so that no refusal is one for want of room. */
const PARALLEL = 64

/** Runs the probes, `parallel` at a time, and returns their outcomes in the same order. */
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

/** Opens a connection, sends the bytes, and collects what comes until the other side closes. */
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
