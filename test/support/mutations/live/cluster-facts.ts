// Moves a sample rendering to a namespace of the local cluster: a lane. A lane has the values of that cluster, and a gateway of
// its own, so lanes do not see each other.
import { z } from 'zod'
import { movePolicy } from '../../../../tools/deploy/render/move-resource.ts'
import { kubectlJson } from '../../../../tools/kube/kubectl.ts'
import { namespace, writtenNamespace } from '../../../../tools/kube/names.ts'
import type { Resource } from '../../../../tools/kube/resources.ts'
import { sampleFindings, sampleImages } from '../../api-server/sample-values.ts'

/** What replaces each text of the sample. */
export type ClusterFacts = { replaced: readonly (readonly [text: string, by: string])[] }

export type LaneNames = {
  namespace: string
  /** The namespace of its gateway. */
  edge: string
  /** The value of the label `istio` of its gateway. */
  gateway: string
  /** Of its attackers. */
  run: string
  /** The namespace of another team, where an attacker is too. */
  other: string
  /** By which its attackers reach the Pod. */
  address: string
}

/** The namespaces of every lane begin with this, so that a text such as `signi*` selects lanes as it selects the original. */
const prefix = `${writtenNamespace}-l`
export const laneNamespace = new RegExp(`^${prefix}\\d+(-|$)`)

export function nameLane(index: number): LaneNames {
  return {
    namespace: `${prefix}${index}`,
    edge: `${prefix}${index}-edge`,
    gateway: `edge-l${index}`,
    run: `lane${index}`,
    other: `${prefix}${index}-lane${index}-other`,
    address: `192.0.2.${100 + index}`,
  }
}

/** Matches what belongs to another lane. */
export function mentionsAnotherLane({ namespace: own, run }: LaneNames): RegExp {
  return new RegExp(`\\b(?!${own}\\b)${prefix}\\d|\\b(?!${run}\\b)lane\\d`)
}

const jwks = z.object({ keys: z.array(z.looseObject({ kid: z.string(), n: z.string() })) })
const jwtSpec = z.object({
  spec: z.object({ jwtRules: z.array(z.object({ issuer: z.string(), jwks: z.string() })) }),
})
const workload = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }),
    }),
  }),
})

/** Reads the values of the cluster from what `make up` has deployed there. */
export async function readFacts(): Promise<ClusterFacts> {
  const get = (...what: string[]) => ['get', ...what, '-n', namespace, '-o', 'json']
  const [authentication, deployed] = await Promise.all([
    kubectlJson(jwtSpec, get('requestauthentication', 'signer-authenticate-caller')),
    kubectlJson(workload, get('deployment', 'secure-signing')),
  ])
  const [rule] = authentication.spec.jwtRules
  const { tokens, trustDomain, injector, route } = sampleFindings
  const [sampleKey] = jwks.parse(JSON.parse(tokens.keys)).keys
  const [key] = jwks.parse(JSON.parse(rule?.jwks ?? '{"keys":[]}')).keys
  if (rule === undefined || key === undefined || sampleKey === undefined)
    throw new Error('the deployment has no token key')
  const images = deployed.spec.template.spec.containers
  const [gateway] = route.workloads
  return {
    replaced: [
      [trustDomain, 'cluster.local'],
      [String(tokens.issuer), rule.issuer],
      [sampleKey.n, key.n],
      [`"kid":"${sampleKey.kid}"`, `"kid":"${key.kid}"`],
      [String(injector.revision), 'default'],
      [injector.label, 'default'],
      [injector.namespace, 'istio-system'],
      [String(gateway?.namespace), EDGE],
      ...sampleImages.map(
        ({ name, repository, tag }) =>
          [`${repository}:${tag}`, images.find((each) => each.name === name)?.image ?? ''] as const,
      ),
    ],
  }
}

/** The namespace of another team in test/support/mutations/others.ts. */
const otherTeam = 'other'
const EDGE = 'EDGE_OF_LANE'
/** A text that names the namespace, and not another thing of the same name. */
const inText = new RegExp(`(^|/ns/|serviceaccount:|[.])${writtenNamespace}(?=$|[/:*x]|[.]svc)`, 'g')
/** The image of a container that a mutation adds. */
const added = /registry\.example\/(?!team)[\w./:-]+/g
const idle = 'localhost/secure-signing/pause:1'

/** Returns the resource as the lane has it. */
export function moveToLane(
  resource: Resource,
  { namespace: to, edge, gateway, other }: LaneNames,
  { replaced }: ClusterFacts,
): Resource {
  const isPolicy = resource.kind.startsWith('ValidatingAdmissionPolicy')
  const moved = isPolicy ? movePolicy(resource, to) : resource
  const gatewayLabel = String(sampleFindings.route.selector.istio)
  return rewriteTexts(withNewConnections(moved), (text, key) => {
    if (key === 'namespace' && text === otherTeam) return other
    if (key === 'istio' && text.startsWith(gatewayLabel)) {
      return text.replace(gatewayLabel, gateway)
    }
    // A policy is moved already, and its messages name no namespace.
    const here = isPolicy ? text : text.replace(inText, `$1${to}`)
    return replaced
      .reduce((each, [from, by]) => each.replaceAll(from, by), here)
      .replaceAll(EDGE, edge)
      .replace(added, idle)
  }) as Resource
}

/**
 * The gateway opens a connection for each request. On an open connection, the policies of before a change go on until the proxy
 * has closed it.
 */
function withNewConnections(resource: Resource): Resource {
  const spec = Object(resource.spec)
  if (resource.kind !== 'DestinationRule' || spec.trafficPolicy === undefined) return resource
  const { connectionPool, ...policy } = Object(spec.trafficPolicy)
  const http = { ...connectionPool?.http, maxRequestsPerConnection: 1 }
  const trafficPolicy = { ...policy, connectionPool: { ...connectionPool, http } }
  return { ...resource, spec: { ...spec, trafficPolicy } }
}

function rewriteTexts(
  value: unknown,
  rewrite: (text: string, key: string) => string,
  key = '',
): unknown {
  if (typeof value === 'string') return rewrite(value, key)
  if (Array.isArray(value)) return value.map((each) => rewriteTexts(each, rewrite, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, rewriteTexts(each, rewrite, name)]),
  )
}
