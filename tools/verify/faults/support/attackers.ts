// The attackers, which send unauthorized requests during each fault. A mesh Pod in another namespace and a Pod without a
// sidecar show the frontend's stolen credentials. The frontend's own Pod sends requests without a token.
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
/** Attack 28: a user with edit rights can create this Service. It also leads to Pods that are not ready. */
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'faults-signer', namespace },
  spec: {
    selector: { app: deployment },
    publishNotReadyAddresses: true,
    // As TCP, the proxy sends the bytes unchanged by mutual TLS.
    ports: [{ name: 'tcp', port: SIGNER_IN_POD.port, appProtocol: 'tcp' }],
  },
}
const serviceSchema = z.object({ spec: z.object({ clusterIP: z.string() }) })
const podSchema = z.object({ metadata: z.object({ uid: z.string() }) })

/** A load of unauthorized requests. `pid`: a process in the network that they come from. */
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

/** Lists the attackers' loads, with the credentials of a current Pod. */
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
      spec: { kind: 'attack', ...everywhere, ...stolen },
    },
    {
      pid: await findAttacker(pods.nonMeshPod),
      spec: { kind: 'attack', ...everywhere, ...stolen },
    },
    {
      pid: await findSandboxOf(pod.uid),
      spec: { kind: 'attack', ...SIGNER_IN_POD, pairingFile },
    },
  ]
}

async function findAttacker({ namespace: where, pod }: Container): Promise<number> {
  const args = ['get', 'pod', pod, '-n', where, '-o', 'json']
  const { metadata } = await kubectlJson(podSchema, args)
  return findSandboxOf(metadata.uid)
}
