// What an attacker in the frontend tries at the signer's socket. This file is sent into the container.
import { readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'

const folder = '/run/signer'
const socket = `${folder}/signer.sock`
const LISTEN = '0A'

export type SocketAttack = {
  answer: string
  replaced: Record<string, string>
  ports: number[]
}

/** Sends `bytes` to the socket, tries to replace it, and lists the Pod's listening ports. */
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

/** The fields are hexadecimal, see proc(5). */
function listPorts(): number[] {
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'latin1').trim().split('\n').slice(1),
  )
  const listening = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , s]) => s === LISTEN)
  return listening.map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16))
}
