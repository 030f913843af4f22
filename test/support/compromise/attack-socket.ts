// Attempts of a compromised frontend at the signer's socket, in a layout that mounts it. Containers run this file, see
// probe.ts.
import { readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'

const folder = '/run/signer'
const socket = `${folder}/signer.sock`
const LISTEN = '0A'

export type SocketAttack = {
  /** What the signer has answered, as it came. */
  answer: string
  /** What came of each try to put something in the socket's place. */
  replaced: Record<string, string>
  /** TCP ports that something in the Pod listens on. */
  ports: number[]
}

/** Sends `bytes` to the socket, tries to take its place, and lists the ports of the Pod. */
export async function attackSocket(bytes: string): Promise<SocketAttack> {
  const other = `${folder}/other.sock`
  const tries: Record<string, () => unknown> = {
    remove: () => unlinkSync(socket),
    rename: () => renameSync(socket, other),
    link: () => symlinkSync('/tmp/mine', other),
    write: () => writeFileSync(other, ''),
    listen: () => listen(other),
  }
  const replaced: Record<string, string> = {}
  for (const [name, attempt] of Object.entries(tries)) replaced[name] = await tell(attempt)
  return { answer: await ask(bytes), replaced, ports: listPorts() }
}

async function tell(attempt: () => unknown): Promise<string> {
  try {
    await attempt()
    return 'done'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

function listen(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    createServer().on('error', reject).listen(path, resolve)
  })
}

function ask(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    const connection = connect(socket, () => connection.write(bytes))
    connection.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    connection.on('close', () => resolve(received)).on('error', reject)
  })
}

/** proc(5): the local address is hex, port last; so is the state. */
function listPorts(): number[] {
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'latin1').trim().split('\n').slice(1),
  )
  const listening = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , s]) => s === LISTEN)
  return listening.map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16))
}
