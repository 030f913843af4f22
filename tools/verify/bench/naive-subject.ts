// The minimal signer on loopback, to which all others are compared.
import { join } from 'node:path'
import { findFreePort } from '../../local-cluster/free-port.ts'
import { type Started, startNode } from './service.ts'
import { message, type Subject, writePost } from './subject.ts'

/** Starts the minimal signer. */
export async function startNaive(log: string): Promise<{ subject: Subject; started: Started }> {
  const port = await findFreePort()
  const file = join(import.meta.dirname, 'naive-signer.ts')
  const started = await startNode([file, String(port)], {}, log)
  const subject: Subject = {
    name: 'a naive signer on loopback',
    isOurs: false,
    signatures: 1,
    address: { host: '127.0.0.1', port },
    write: () => writePost('/sign', { message }),
  }
  return { subject, started }
}
