// Deploys the frontend without a signer beside the deployment, and removes it.
import { z } from 'zod'
import { readText } from '../../../cli/checkout.ts'
import { kubectl, kubectlJson, kubectlJsonIfAny } from '../../../kube/kubectl.ts'
import { namespace } from '../../../kube/names.ts'
import { listOf, resourceSchema } from '../../../kube/resources.ts'
import { NODE_IMAGE_FILE } from '../../../local-cluster/paths.ts'
import { probeFrom } from '../../attack/containers.ts'
import { toPlace } from '../../attack/gateway.ts'
import { readStatus, writeRequest } from '../../attack/requests.ts'
import { CONFIG_MS } from '../../attack/timeouts.ts'
import { waitFor } from '../../attack/wait.ts'
import { requireNode } from '../../faults/support/node.ts'
import { type Pod, podSchema, toPod } from '../../faults/support/pods.ts'
import { provideUnsignedImage } from './image.ts'
import { copied, makeUnsigned, UNSIGNED_HOST, UNSIGNED_NAMESPACE } from './resources.ts'

const READY_MS = 120_000
const route = z.object({ spec: z.object({ hosts: z.array(z.string()) }) })

/** Starts the Pod, after removing what an interrupted run has left. Returns it when the gateway routes to it. */
export async function deployUnsigned(gatewayUrl: string): Promise<Pod> {
  await removeUnsigned()
  const nodeImage = (await readText(NODE_IMAGE_FILE)).trim()
  const image = await provideUnsignedImage(await requireNode(), nodeImage)
  const args = ['get', ...copied, '-n', namespace, '-o', 'json']
  const items = makeUnsigned(await kubectlJson(listOf(resourceSchema), args), image)
  const list = { apiVersion: 'v1', kind: 'List', items }
  await kubectl(['create', '-f', '-'], { input: JSON.stringify(list) })
  const wait = ['rollout', 'status', 'deployment', '-n', UNSIGNED_NAMESPACE]
  await kubectl(wait, { timeoutMs: READY_MS })
  const all = ['get', 'pods', '-n', UNSIGNED_NAMESPACE, '-o', 'json']
  const [found] = await kubectlJson(listOf(podSchema), all)
  if (found === undefined) throw new Error(`no Pod in ${UNSIGNED_NAMESPACE}`)
  await waitForRoute(gatewayUrl)
  return toPod(found)
}

async function waitForRoute(gatewayUrl: string): Promise<void> {
  const body = '{"message":"unsigned"}'
  const bytes = writeRequest({ path: '/process', host: UNSIGNED_HOST, body })
  await waitFor(
    async () => {
      const [outcome] = await probeFrom('here', [{ ...toPlace(gatewayUrl), bytes }])
      const isRouted = readStatus(outcome?.received ?? '') === 200
      return (isRouted && outcome?.received.includes('unsignedunsigned')) || undefined
    },
    CONFIG_MS,
    () => `the gateway does not route ${UNSIGNED_HOST} to ${UNSIGNED_NAMESPACE}`,
  )
}

export async function removeUnsigned(): Promise<void> {
  const args = ['delete', 'namespace', UNSIGNED_NAMESPACE, '--ignore-not-found']
  await kubectl(args, { timeoutMs: READY_MS })
}

/** Says why the benchmark's route does not fit beside ours, which must leave another name to it at the same Gateway. */
export async function findObstacle(gatewayUrl: string | undefined): Promise<string | undefined> {
  if (gatewayUrl === undefined) return 'GATEWAY_URL is not set'
  const args = ['get', 'virtualservice', 'frontend', '-n', namespace, '--ignore-not-found']
  const found = await kubectlJsonIfAny(route, [...args, '-o', 'json'])
  if (found === undefined) return 'the deployment has no VirtualService'
  const { hosts } = found.spec
  return hosts.includes('*') ? undefined : `the route is only for ${hosts.join(', ')}`
}
