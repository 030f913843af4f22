// Deploys a variant of the frontend beside the deployment, and removes it.
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
import { provideImage } from './image.ts'
import { listCopied, makeVariant } from './resources.ts'
import type { Variant } from './variant.ts'

const READY_MS = 120_000
const route = z.object({ spec: z.object({ hosts: z.array(z.string()) }) })

/** Starts the Pod, after removing what an interrupted run has left. Returns it when the gateway routes to it. */
export async function deployVariant(variant: Variant, gatewayUrl: string): Promise<Pod> {
  await removeVariant(variant)
  const nodeImage = (await readText(NODE_IMAGE_FILE)).trim()
  const image = await provideImage(variant, await requireNode(), nodeImage)
  const args = ['get', ...listCopied(variant), '-n', namespace, '-o', 'json']
  const deployed = await kubectlJson(listOf(resourceSchema), args)
  const items = makeVariant(variant, deployed, image)
  const list = { apiVersion: 'v1', kind: 'List', items }
  await kubectl(['create', '-f', '-'], { input: JSON.stringify(list) })
  const wait = ['rollout', 'status', 'deployment', '-n', variant.namespace]
  await kubectl(wait, { timeoutMs: READY_MS })
  const all = ['get', 'pods', '-n', variant.namespace, '-o', 'json']
  const [found] = await kubectlJson(listOf(podSchema), all)
  if (found === undefined) throw new Error(`no Pod in ${variant.namespace}`)
  await waitForRoute(variant, gatewayUrl)
  return toPod(found)
}

async function waitForRoute(
  { host, answer, namespace: home }: Variant,
  gatewayUrl: string,
): Promise<void> {
  const body = '{"message":"a message"}'
  const bytes = writeRequest({ path: '/process', host, body })
  await waitFor(
    async () => {
      const [outcome] = await probeFrom('here', [{ ...toPlace(gatewayUrl), bytes }])
      const isRouted = readStatus(outcome?.received ?? '') === 200
      return (isRouted && outcome?.received.includes(answer)) || undefined
    },
    CONFIG_MS,
    () => `the gateway does not route ${host} to ${home}`,
  )
}

export async function removeVariant({ namespace: home }: Variant): Promise<void> {
  const args = ['delete', 'namespace', home, '--ignore-not-found']
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
