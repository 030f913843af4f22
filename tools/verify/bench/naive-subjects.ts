// The unprotected pair on loopback: a minimal frontend and a minimal signer. Our own services are compared with them.
import { join } from 'node:path'
import { findFreePort } from '../../local-cluster/free-port.ts'
import { type Started, startNode } from './service.ts'
import { ALONE, message, processSubject, type Subject, USUAL, writePost } from './subject.ts'

/** Starts both. `started`: the frontend and the signer. */
export async function startNaive(
  folder: string,
): Promise<{ pair: Subject; signer: Subject; started: { frontend: Started; signer: Started } }> {
  const [signerPort, port] = [await findFreePort(), await findFreePort()]
  const signerAlone = await start('naive-signer', [signerPort], folder)
  const frontend = await start('naive-frontend', [port, signerPort], folder)
  const pair: Subject = {
    ...processSubject,
    id: 'pair',
    name: 'two bare `node:http` processes',
    isOurs: false,
    address: { host: '127.0.0.1', port },
    processes: { application: frontend.pid, signer: signerAlone.pid },
  }
  const signer: Subject = {
    id: 'naive',
    name: 'a naive signer on loopback',
    isOurs: false,
    connections: [ALONE, USUAL],
    signatures: 1,
    address: { host: '127.0.0.1', port: signerPort },
    write: () => writePost('/sign', { message }),
  }
  return { pair, signer, started: { frontend, signer: signerAlone } }
}

function start(name: string, ports: readonly number[], folder: string): Promise<Started> {
  const file = join(import.meta.dirname, `${name}.ts`)
  return startNode([file, ...ports.map(String)], {}, join(folder, `${name}.log`))
}
