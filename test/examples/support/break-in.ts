// What a compromised application container has: its credentials, and a way to the signer of its own Pod. The credentials come from
// kubelet's folders, because the images of applications have few programs.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { type Audited, parseAuditLog } from '../../../tools/verify/attack/audited-requests.ts'
import type { Container } from '../../../tools/verify/attack/containers.ts'
import { locateCredentials } from '../../../tools/verify/faults/support/volumes.ts'
import { applications, type Name } from './applications.ts'
import { findPodOf } from './workloads.ts'

export type Compromised = {
  /** Requests from it enter by a port-forward, because nothing is said of its image. */
  container: Container
  podIP: string
  token: string
  pairing: KeyObject
}

export async function breakInto(name: Name): Promise<Compromised> {
  const { namespace, container } = applications[name]
  const { metadata, status } = await findPodOf(namespace, 'secure-signing.dev/protected=true')
  const files = await locateCredentials({ uid: metadata.uid })
  return {
    container: { namespace, pod: metadata.name, container, node: 'none' },
    podIP: status.podIP,
    token: await readFile(files.tokenFile, 'utf8'),
    pairing: createSecretKey(await readFile(files.pairingFile)),
  }
}

/** Reads the signer's audit log since `since`. */
export async function readAuditOf(
  { container: { namespace, pod } }: Compromised,
  since: Date,
): Promise<Audited[]> {
  const args = ['logs', '-n', namespace, pod, '-c', 'signer', `--since-time=${since.toISOString()}`]
  return parseAuditLog(await kubectl(args))
}
