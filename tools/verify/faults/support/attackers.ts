// Those who have no right, and try all the time that something is broken: a stranger in the mesh and a Pod without
// sidecar, both with the frontend's stolen credentials, at every Pod from its first instant; and the frontend's own
// Pod without a token.
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../../kube/kubectl.ts'
import { deployment, namespace } from '../../../kube/names.ts'
import { bringUp, nameAttackPods, takeAway } from '../../attack/attack-pods.ts'
import type { Container } from '../../attack/containers.ts'
import { findTarget, SIGNER_IN_POD } from '../../attack/target.ts'
import type { LoadSpec } from '../load/senders.ts'
import { findSandboxOf } from './node.ts'
import { findPod } from './pods.ts'
import { locateCredentials } from './volumes.ts'

const pods = nameAttackPods('faults', '192.0.2.68')
/** Attack 28: anybody with edit rights can make one. It names Pods before they are ready. */
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'faults-signer', namespace },
  spec: {
    selector: { app: deployment },
    publishNotReadyAddresses: true,
    // Opaque: what is sent goes out as it is, by mutual TLS.
    ports: [{ name: 'tcp', port: SIGNER_IN_POD.port, appProtocol: 'tcp' }],
  },
}
const serviceSchema = z.object({ spec: z.object({ clusterIP: z.string() }) })
const podSchema = z.object({ metadata: z.object({ uid: z.string() }) })

/** Whose network a knock is sent from, and what. */
export type Attempt = { pid: number; spec: LoadSpec }

export async function bringUpAttackers(): Promise<void> {
  await takeAwayAttackers()
  await kubectl(['create', '-f', '-'], { input: JSON.stringify(service) })
  await bringUp(pods, await findTarget('any'))
}

export async function takeAwayAttackers(): Promise<void> {
  const { name } = service.metadata
  await kubectl(['delete', 'service', name, '-n', namespace, '--ignore-not-found'])
  await takeAway(pods)
}

/** What they send: with the credentials of a Pod that is there now. */
export async function listAttempts(): Promise<Attempt[]> {
  const pod = await findPod()
  const stolen = await locateCredentials(pod)
  const args = ['get', 'service', service.metadata.name, '-n', namespace, '-o', 'json']
  const { spec } = await kubectlJson(serviceSchema, args)
  const everywhere = { host: spec.clusterIP, port: SIGNER_IN_POD.port }
  const { pairingFile } = stolen
  return [
    {
      pid: await findAttacker(pods.otherNamespacePod),
      spec: { kind: 'knock', ...everywhere, ...stolen },
    },
    {
      pid: await findAttacker(pods.nonMeshPod),
      spec: { kind: 'knock', ...everywhere, ...stolen },
    },
    {
      pid: await findSandboxOf(pod.uid),
      spec: { kind: 'knock', ...SIGNER_IN_POD, pairingFile },
    },
  ]
}

async function findAttacker({ namespace: where, pod }: Container): Promise<number> {
  const args = ['get', 'pod', pod, '-n', where, '-o', 'json']
  const { metadata } = await kubectlJson(podSchema, args)
  return findSandboxOf(metadata.uid)
}
