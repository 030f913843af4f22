// Finds the deployment on the cluster, and starts what is measured beside it. The local cluster gives access to processes and networks
// of the Pods. On other clusters, fewer rows can be measured.
import { tryRun } from '../../cli/exec.ts'
import { say, step } from '../../cli/terminal.ts'
import { deployment, namespace } from '../../kube/names.ts'
import { findTarget, stealCredentials, type Target } from '../attack/target.ts'
import { isLocalCluster } from '../attack/tokens.ts'
import { readMib } from '../faults/support/node.ts'
import { findPod, type Pod } from '../faults/support/pods.ts'
import { findProcesses } from './cpu-time.ts'
import type { Load, LoadRequest } from './generator.ts'
import type { Keep, Measured } from './local-subjects.ts'
import {
  describeGateway,
  FRONTEND_IN_POD,
  type GatewayRoute,
  listInPod,
  listUnsigned,
  listWebhooks,
} from './mesh-subjects.ts'
import { enterGateway, enterPod, enterTarget, type StartGenerator } from './networks.ts'
import type { Subject } from './subject.ts'
import { deployVariant, findObstacle, removeVariant } from './variants/deploy.ts'
import { unsigned, type Variant, webhooks } from './variants/variant.ts'

export type Mesh = {
  target: Target
  subjects: Subject[]
  measured: Measured[]
  /** Sends a load on the frontend from the network of its Pod. */
  inPod: (load: Omit<LoadRequest, 'address'>) => Promise<Load>
}

/** Returns undefined without a cluster or a deployment. */
export async function findMesh(
  gatewayUrl: string | undefined,
  start: StartGenerator,
  keep: Keep,
): Promise<Mesh | undefined> {
  const args = ['get', 'deployment', deployment, '-n', namespace, '--request-timeout=5s']
  if ((await tryRun('kubectl', args)).code !== 0) {
    say('  note  the mesh is not measured: the cluster has no deployment. Run `make up` before.')
    return undefined
  }
  const target = await findTarget()
  const credentials = await stealCredentials(target)
  const generate = await enterTarget(target, start)
  const route = gatewayUrl === undefined ? undefined : await enterGateway(gatewayUrl, start)
  const pod = isLocalCluster ? await findPod() : undefined
  const processes = pod && (await findProcesses(pod, true))
  const subjects = [
    ...(route === undefined ? [] : [describeGateway(route, processes)]),
    ...(await startVariants(gatewayUrl, route, start, keep)),
    ...listInPod(credentials, generate, processes),
  ]
  return {
    target,
    subjects,
    measured: pod === undefined ? [] : await followPod(pod),
    inPod: (load) => generate({ ...load, address: FRONTEND_IN_POD }),
  }
}

/** The frontend without a signer and the one that signs webhooks, if their images and routes fit beside ours. */
async function startVariants(
  gatewayUrl: string | undefined,
  route: GatewayRoute | undefined,
  start: StartGenerator,
  keep: Keep,
): Promise<Subject[]> {
  const obstacle = isLocalCluster
    ? await findObstacle(gatewayUrl)
    : 'only the local cluster gets their images'
  if (obstacle !== undefined || gatewayUrl === undefined || route === undefined) {
    say(`  note  the frontends without signing and with webhooks are not measured: ${obstacle}`)
    return []
  }
  const run = async (what: string, variant: Variant) => {
    keep({ stop: () => removeVariant(variant) })
    const pod = await step(`${what} runs`, () => deployVariant(variant, gatewayUrl))
    const processes = await findProcesses(pod, variant.hasSigner)
    return [route, await enterPod(pod.uid, start), processes] as const
  }
  return [
    ...listUnsigned(...(await run('the frontend without signing', unsigned))),
    ...listWebhooks(...(await run('the frontend that signs webhooks', webhooks))),
  ]
}

/** The memory of both containers of the deployment. */
async function followPod(pod: Pod): Promise<Measured[]> {
  return Promise.all(
    ['signer', 'frontend'].map(async (name) => {
      const read = () => readMib(pod, name, 'VmRSS')
      return { memory: { name: `${name} in its Pod`, idleMib: await read() }, readAgain: read }
    }),
  )
}
