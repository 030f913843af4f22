// Reads the resources of others that can concern our Pods: kinds of Istio and of the Gateway API in all namespaces, or in those that
// count for us, and Kubernetes' own kinds beside ours.
import { z } from 'zod'
import { tryRun } from '../../cli/exec.ts'
import { say } from '../../cli/terminal.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { type Resource, resourceSchema } from '../../kube/resources.ts'
import type { NamespaceLabels } from './mesh-defaults.ts'

const timeoutMs = 60_000
const groups = [
  'security.istio.io',
  'networking.istio.io',
  'extensions.istio.io',
  'telemetry.istio.io',
  'gateway.networking.k8s.io',
]
/** The kinds that can concern our Pods, as `kubectl api-resources` names them. */
export const kinds =
  /^(peerauthentications|requestauthentications|authorizationpolicies|sidecars|envoyfilters|proxyconfigs|destinationrules|virtualservices|serviceentries|wasmplugins|trafficextensions|telemetries|gateways|(http|grpc|tls|tcp|udp)routes|listenersets|referencegrants)\./
/** Kubernetes' own kinds in our namespace, and without a namespace. */
const besideOurs = [
  'services,pods,replicasets,endpointslices,networkpolicies,roles,rolebindings',
  'clusterroles,clusterrolebindings',
]
const list = z.object({ items: z.array(resourceSchema) })
const namespaces = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
      }),
    }),
  ),
})

/** Reads them. `places`: the namespaces to read if the user may not read all. Prints a note for what cannot be read. */
export async function readIstioResources(places: readonly string[]): Promise<Resource[]> {
  const listings = await Promise.all(
    groups.map((group) => kubectl(['api-resources', `--api-group=${group}`, '-o', 'name'])),
  )
  const served = listings
    .join('\n')
    .split('\n')
    .filter((name) => kinds.test(name))
  const neighbours = Promise.all(besideOurs.map(listReadable)).then((lists) => lists.flat())
  const everywhere = await tryList([served.join(), '-A'])
  if (everywhere !== undefined) return [...everywhere, ...(await neighbours)]
  const found = await Promise.all(
    [...new Set(places)].flatMap((place) =>
      served.map(async (kind) => ({ kind, place, items: await tryList([kind, '-n', place]) })),
    ),
  )
  const unread = Map.groupBy(
    found.filter(({ items }) => items === undefined),
    ({ place }) => place,
  )
  for (const [place, missing] of unread) {
    const names = missing.map(({ kind }) => kind.replace(/\..*/, '')).join(', ')
    say(`  note  this user may not read ${names} in ${place}, so they are not judged`)
  }
  return [...found.flatMap(({ items = [] }) => items), ...(await neighbours)]
}

/** Reads the labels of those of `names` that exist and may be read. */
export async function readNamespaceLabels(names: readonly string[]): Promise<NamespaceLabels> {
  const found = await Promise.all(
    names.map((name) => tryGet(['namespaces', '--field-selector', `metadata.name=${name}`])),
  )
  return Object.fromEntries(
    found.flatMap((text) =>
      (namespaces.safeParse(text).data?.items ?? []).map(({ metadata }) => [
        metadata.name,
        metadata.labels,
      ]),
    ),
  )
}

/** Reads several kinds with one kubectl, or those that the user may read. */
async function listReadable(names: string): Promise<Resource[]> {
  const all = await tryList([names, '-n', namespace])
  if (all !== undefined) return all
  const each = await Promise.all(names.split(',').map((name) => tryList([name, '-n', namespace])))
  return each.flatMap((items) => items ?? [])
}

async function tryList(what: readonly string[]): Promise<Resource[] | undefined> {
  return list.safeParse(await tryGet(what)).data?.items
}

/** Returns undefined if the API server refuses. */
async function tryGet(what: readonly string[]): Promise<unknown> {
  const { code, stdout } = await tryRun('kubectl', ['get', ...what, '-o', 'json'], { timeoutMs })
  return code === 0 ? JSON.parse(stdout) : undefined
}
