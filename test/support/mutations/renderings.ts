// Everything that we ship: each layout, and each component and kind of public route once.
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { stringify } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { renderResources } from '../../../tools/deploy/render/render.ts'
import type { PublicRoute } from '../../../tools/kube/gateway/public-route.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { type Layout, noMesh, onePod, separatePods } from '../../../tools/kube/layouts.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import {
  describeSample,
  fillInParameters,
  sampleImages,
  sampleRoute,
} from '../api-server/sample-values.ts'
import { listMutations } from './list-mutations.ts'
import type { Mutation } from './mutation.ts'
import { listOthers } from './others.ts'

export type Shipment = {
  /** Renderings with fewer components. A change that can be made in one of them is left out. */
  bases?: readonly string[]
  /** Another layout. The changes of a resource that is equal there are left out. */
  beside?: string
  /** Undefined: Linkerd's, which no rendering of `make deploy` has. */
  layout: Layout | undefined
  isMeshed: boolean
  render: () => Promise<Resource[]>
}

const tokenKeysUri = 'https://tokens.example/keys'
const shared = { namespace: 'infra', name: 'shared' }
const labels = { 'gateway.networking.k8s.io/gateway-name': 'shared' }
const gatewayApi: PublicRoute = {
  ...{ ...sampleRoute, kind: 'gateway-api', gateway: shared, sections: ['https'] },
  host: 'signing.example',
  workloads: [
    {
      ...{ namespace: 'infra', serviceAccount: 'shared-istio' },
      ...{ podLabels: labels, selector: labels },
    },
  ],
}
const istio: PublicRoute = { ...gatewayApi, kind: 'istio', workloads: sampleRoute.workloads }

export const shipments: Readonly<Record<string, Shipment>> = {
  default: ship([], onePod),
  'separate-pods': { ...ship([], separatePods), beside: 'default' },
  'no-mesh': { ...ship([], noMesh), beside: 'default' },
  linkerd: { layout: undefined, isMeshed: false, render: renderLinkerd, beside: 'default' },
  ...components(
    ...['apparmor', 'autoscaling', 'deployer', 'external-secrets-aws', 'external-secrets-azure'],
    ...['external-secrets-gcp', 'high-availability', 'limits', 'monitoring', 'network-policy'],
    ...['seccomp', 'selinux', 'tracing', 'vault', 'webhook-opt-out'],
    'pods-stay-restricted shared-namespace',
  ),
  'separate-pods seccomp selinux': {
    ...ship(['seccomp', 'selinux'], separatePods),
    bases: ['separate-pods', 'seccomp', 'selinux'],
  },
  'a Gateway of the Gateway API': { ...ship([], onePod, gatewayApi), bases: ['default'] },
  'a Gateway of Istio': { ...ship([], onePod, istio), bases: ['default'] },
  'token-keys-uri': { ...ship([], onePod, sampleRoute, tokenKeysUri), bases: ['default'] },
}

/** `leftOut`: how many changes are made in another rendering. */
export type Changes = { resources: Resource[]; mutations: Mutation[]; leftOut: number }

const rendered = new Map<string, Promise<Resource[]>>()
const listed = new Map<string, Promise<Mutation[]>>()
const made = new Map<string, Promise<Changes>>()

/** `name`: one of `shipments`. It is rendered once. */
export function renderShipment(name: string): Promise<Resource[]> {
  const found = rendered.get(name) ?? findShipment(name).render()
  rendered.set(name, found)
  return found
}

/** `name`: one of `shipments`. */
export function renderChanges(name: string): Promise<Changes> {
  const found = made.get(name) ?? makeChanges(name)
  made.set(name, found)
  return found
}

async function makeChanges(name: string): Promise<Changes> {
  const [resources, all] = await Promise.all([renderShipment(name), listAll(name)])
  const mutations = await leaveOut(all, name)
  return { resources, mutations, leftOut: all.length - mutations.length }
}

/** Lists all changes of a rendering. */
function listAll(name: string): Promise<Mutation[]> {
  const list = async () => {
    const resources = await renderShipment(name)
    return [...listMutations(resources), ...listOthers(resources, findShipment(name).isMeshed)]
  }
  const found = listed.get(name) ?? list()
  listed.set(name, found)
  return found
}

async function leaveOut(mutations: Mutation[], name: string): Promise<Mutation[]> {
  const { bases = [], beside } = findShipment(name)
  const known = new Set((await Promise.all(bases.map(listAll))).flat().map(describe))
  const equal = new Set(
    beside === undefined ? [] : (await renderShipment(beside)).map(describeContent),
  )
  return mutations.filter(
    (each) => !known.has(describe(each)) && !equal.has(describeContent(each.resource)),
  )
}

/** Only `make deploy` labels resources with the version. */
function describeContent(resource: Resource): string {
  return JSON.stringify(resource).replace(/"app\.kubernetes\.io\/version":"[^"]*",?/, '')
}

export function findShipment(name: string): Shipment {
  const found = shipments[name]
  if (found === undefined) throw new Error(`there is no rendering "${name}"`)
  return found
}

/** The name of a value is shortened, so the value is compared too. */
function describe({ name, change }: Mutation): string {
  return `${name} ${JSON.stringify(change?.to)}`
}

const exact =
  /^(ValidatingAdmissionPolicy(Binding)?\/|ConfigMap\/(envoy-admin-allowlist|vault-agent)$)/

/** The resources that have to be exactly what this version ships. */
export function listExact(resources: readonly Resource[]): Resource[] {
  return resources.filter(({ kind, metadata }) => exact.test(`${kind}/${metadata.name}`))
}

function components(...names: string[]): Record<string, Shipment> {
  return Object.fromEntries(
    names.map((name) => [name, { ...ship(name.split(' '), onePod), bases: ['default'] }]),
  )
}

function ship(
  names: readonly string[],
  layout: Layout,
  route = sampleRoute,
  keys?: string,
): Shipment {
  const { cluster, ...sample } = describeSample(names, layout, route)
  const values = cluster && keys && { ...cluster.values, tokenKeysUri: keys }
  return {
    layout,
    isMeshed: layout.isMeshed,
    render: () =>
      inFolder(async (folder) => {
        const given = { ...sample, cluster: values ? { ...cluster, values } : cluster }
        const { yaml } = await renderResources({ folder, ...given })
        return parseResources(fillInParameters(yaml))
      }),
  }
}

/** As docs/layouts.md has users do it. */
function renderLinkerd(): Promise<Resource[]> {
  return inFolder(async (folder) => {
    const overlay = relative(folder, join(CHECKOUT, 'k8s/overlays/linkerd'))
    const kustomization = {
      ...{ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' },
      resources: [overlay],
      images: sampleImages.map(({ name, repository, tag }) => ({
        ...{ name: `secure-signing/${name}`, newName: repository, newTag: tag },
      })),
      transformers: [join(overlay, 'released-image')],
    }
    await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization))
    return parseResources(fillInParameters(await kubectl(['kustomize', folder])))
  })
}

/** Gives `work` a folder in the checkout, because kustomize takes relative paths. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const parent = resolve(CHECKOUT, '.deploy')
  await mkdir(parent, { recursive: true })
  await using folder = await mkdtempDisposable(join(parent, 'mutation-'))
  return await work(folder.path)
}
