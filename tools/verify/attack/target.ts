// The deployment under attack: its Pods, and the credentials of its application.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { UserError } from '../../cli/terminal.ts'
import { exists, kubectlJson } from '../../kube/kubectl.ts'
import { findDeployed, type Layout, onePod, sharesPod } from '../../kube/layouts.ts'
import { container as callerContainer, namespace } from '../../kube/names.ts'
import { readPodSelector } from '../../kube/pod-selector.ts'
import { listOf } from '../../kube/resources.ts'
import { locateCredentials } from '../faults/support/volumes.ts'
import { type Container, withNode } from './containers.ts'
import { readFileIn } from './read-file.ts'
import { isLocalCluster } from './tokens.ts'

export const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.object({
    containers: z.array(
      z.object({
        name: z.string(),
        image: z.string(),
        volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]),
      }),
    ),
    imagePullSecrets: z.array(z.object({ name: z.string() })).default([]),
  }),
  status: z.object({ podIP: z.string() }),
})
export type Pod = z.infer<typeof podSchema>

export type Target = {
  layout: Layout
  /** The container of the application. */
  frontend: Container
  /** The address of its Pod. */
  podIP: string
  uid: string
  /** Where its container has each volume, by the name of the volume. */
  mounts: Readonly<Record<string, string>>
  /** The signer's image, which has Node, and which the cluster can pull. */
  nodeImage: string
  pullSecrets: Pod['spec']['imagePullSecrets']
  /** The signers that the application's requests can reach. Attacks go to the first, at `signerIP`. */
  signers: Container[]
  signerIP: string
}

/** The signer's address inside a shared Pod: the proxy's listener on loopback. */
export const SIGNER_IN_POD = { host: '127.0.0.1', port: 8081 }

/** Finds the Pod of both services, or one Pod for each. `any` takes one of several Pods. */
export async function findTarget(which: 'only' | 'any' = 'only'): Promise<Target> {
  const layout = (await findDeployed()) ?? onePod
  const [frontends, signers] = await Promise.all([
    listPods(layout.frontend, callerContainer),
    listPods(layout.signer, 'signer'),
  ])
  const [pod, ...others] = frontends
  const [signer, ...otherSigners] = signers
  const hasSeveral = others.length + otherSigners.length > 0
  if (pod === undefined || signer === undefined || (which === 'only' && hasSeveral)) {
    const counts = [
      `${frontends.length} Pods with the container ${callerContainer}`,
      `${signers.length} with the signer`,
    ]
    throw new UserError(
      `expected one Pod in the namespace ${namespace}, found ${counts.join(' and ')}`,
      'Run `make deploy`, and wait until it ends.',
    )
  }
  return describeTarget(layout, pod, signer, signers)
}

/** `signers`: the Pods with a signer, `signer` among them. */
export async function describeTarget(
  layout: Layout,
  pod: Pod,
  signer: Pod,
  signers: readonly Pod[] = [signer],
): Promise<Target> {
  // In a shared Pod, the application's requests reach only the signer beside it.
  const reached = sharesPod(layout) ? [pod] : signers
  const container = (name: string, { metadata }: Pod) => ({
    ...{ namespace: metadata.namespace, pod: metadata.name, container: name },
  })
  const mounts = findContainer(pod, callerContainer)?.volumeMounts ?? []
  return {
    layout,
    frontend: await withNode(container(callerContainer, pod)),
    podIP: pod.status.podIP,
    uid: pod.metadata.uid,
    mounts: Object.fromEntries(mounts.map(({ name, mountPath }) => [name, mountPath])),
    nodeImage: findContainer(signer, 'signer')?.image ?? '',
    pullSecrets: signer.spec.imagePullSecrets,
    signers: reached.map((each) => container('signer', each)),
    signerIP: (sharesPod(layout) ? pod : signer).status.podIP,
  }
}

/** Lists the running Pods of a Deployment that have the container, without those that terminate. They may still serve. */
async function listPods(deployment: string, container: string): Promise<Pod[]> {
  if (!(await exists(['deployment', deployment, '-n', namespace]))) return []
  const selector = ['-n', namespace, '-l', await readPodSelector(deployment)]
  const running = ['--field-selector=status.phase=Running', '-o', 'json']
  const found = await kubectlJson(listOf(podSchema), ['get', 'pods', ...selector, ...running])
  return found
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter((pod) => findContainer(pod, container) !== undefined)
}

function findContainer({ spec }: Pod, name: string) {
  return spec.containers.find((each) => each.name === name)
}

/** What the frontend shows to prove its identity. */
export type Credentials = { token: string; pairing: KeyObject }

/**
 * Reads the credentials as a compromised application can. Throws UserError for separate Pods, which have no pairing, and for an
 * image in which nothing can read files.
 */
export async function stealCredentials(target: Target): Promise<Credentials> {
  if (!sharesPod(target.layout)) {
    throw new UserError(
      'frontend and signer run in separate Pods, which have no pairing secret',
      'Run `make undeploy`, then `make deploy`. Or run `make matrix`, which measures both layouts.',
    )
  }
  const stolen = await tryStealing(target)
  if (stolen !== undefined) return stolen
  throw new UserError(
    `the image of ${target.frontend.container} has no program that reads its credentials: node, od or python3`,
    'Run this on the local cluster, or with an image that has one of them.',
  )
}

/** Returns undefined if nothing in the image can read files. On the local cluster, the node can. */
export async function tryStealing(target: Target): Promise<Credentials | undefined> {
  const { frontend, mounts, uid } = target
  const read = (volume: string, name: string) =>
    readFileIn(frontend, `${mounts[volume] ?? ''}/${name}`)
  const [token, pairing] = await Promise.all([
    read('caller-token', 'token'),
    read('pairing', 'secret'),
  ])
  if (token !== undefined && pairing !== undefined) return toCredentials(token, pairing)
  if (!isLocalCluster) return undefined
  const { tokenFile, pairingFile } = await locateCredentials({ uid })
  return toCredentials(await readFile(tokenFile), await readFile(pairingFile))
}

function toCredentials(token: Buffer, pairing: Buffer): Credentials {
  return { token: token.toString(), pairing: createSecretKey(pairing) }
}

/** Reads the token for the signer that is mounted into the container. */
export async function readOwnToken({ frontend, mounts }: Target): Promise<string> {
  return String((await readFileIn(frontend, `${mounts['caller-token'] ?? ''}/token`)) ?? '')
}
