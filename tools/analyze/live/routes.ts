// Resources of others for our host names: DestinationRule, VirtualService, ServiceEntry, Service, and those of the Gateway API.
import { z } from 'zod'
import type { Resource } from '../../kube/resources.ts'
import { readAt } from '../finding.ts'
import { applyRules } from '../rule.ts'
import { gatewayApiRules } from '../rules/gateway-api-rules.ts'
import { routeRules } from '../rules/route-rules.ts'
import { routingRules } from '../rules/routing-rules.ts'
import { type Judgment, judge, nameOf } from './judgment.ts'
import type { LiveSubject } from './subject.ts'

const signer = 'signer.pod.internal'
const tls = z.object({ mode: z.string().default('DISABLE') }).optional()
const ruleSpec = z.object({
  host: z.string().default(''),
  exportTo: z.array(z.string()).default([]),
  trafficPolicy: z
    .object({ tls, portLevelSettings: z.array(z.object({ tls })).default([]) })
    .default({ portLevelSettings: [] }),
})
const hosts = z.array(z.string()).default([])
const virtualSpec = z.object({ hosts, gateways: z.array(z.string()).default(['mesh']) })
const entrySpec = z.object({ hosts })
const adopted = [
  ...routeRules.filter(({ name }) => name === 'public-route'),
  ...routingRules.filter(({ name }) => name === 'signer-service'),
  ...gatewayApiRules,
]
const ofGatewayApi = /^gateway\.networking\./

export function judgeRoutes(subject: LiveSubject): Judgment[] {
  const { ours, others, application, namespace } = subject
  const isHere = (each: Resource) => each.metadata.namespace === namespace
  const ofKind = (wanted: string) => others.filter(({ kind }) => kind === wanted)
  const routing = [
    ...ofKind('VirtualService'),
    ...ofKind('Service').filter(isHere),
    ...others.filter(({ apiVersion }) => ofGatewayApi.test(apiVersion)),
  ]
  const found = applyRules(adopted, [...ours, ...routing], application)
  const judged = [
    ...ofKind('DestinationRule').flatMap((each) => judgeRule(subject, each)),
    ...ofKind('VirtualService').flatMap((each) => judgeVirtualService(subject, each)),
    ...ofKind('ServiceEntry').flatMap((each) => judgeEntry(subject, each)),
  ]
  const names = judged.map(({ about }) => about)
  return [
    ...judged,
    ...routing
      .filter((each) => !names.includes(nameOf(each)))
      .flatMap((each) =>
        found
          .filter(({ resource }) => resource === each)
          .map(({ message }) => judge('weakens', each, message)),
      ),
  ]
}

/** A rule in the caller's namespace wins over ours. In our namespace, Istio merges them. */
function judgeRule(subject: LiveSubject, resource: Resource): Judgment[] {
  const { root, gatewayNamespaces } = subject
  const frontend = hostOf(subject)
  const isHere = resource.metadata.namespace === subject.namespace
  const { host, exportTo, trafficPolicy } = readAt(ruleSpec, resource)
  const place = resource.metadata.namespace ?? ''
  const isOfGateway =
    gatewayNamespaces.includes(place) && (place !== root || exportTo.join() === '.')
  const isForUs =
    (isHere && (isFor(host, frontend) || isFor(host, signer))) ||
    (isOfGateway && isFor(host, frontend, place))
  if (!isForUs) return []
  const modes = [trafficPolicy.tls, ...trafficPolicy.portLevelSettings.map((each) => each.tls)]
  const wrong = modes.find((each) => each !== undefined && each.mode !== 'ISTIO_MUTUAL')
  return [
    wrong === undefined
      ? judge(
          'note',
          resource,
          `it is for the host ${host}, so parts of our DestinationRule can have no effect`,
        )
      : judge(
          'breaks',
          resource,
          `it is for the host ${host} and sets TLS mode ${wrong.mode}, so our proxy refuses the connections`,
        ),
  ]
}

function judgeVirtualService({ namespace }: LiveSubject, resource: Resource): Judgment[] {
  const { hosts: names, gateways } = readAt(virtualSpec, resource)
  const isHere = resource.metadata.namespace === namespace
  const isOfMesh = gateways.includes('mesh')
  const isOnOurGateway = gateways.some((each) =>
    [`${namespace}/public`, ...(isHere ? ['public'] : [])].includes(each),
  )
  return [
    ...(isHere && isOfMesh && names.some((each) => isFor(each, signer))
      ? [
          judge(
            'breaks',
            resource,
            `it redirects the calls to ${signer}, which carry caller tokens`,
          ),
        ]
      : []),
    ...(isOnOurGateway
      ? [
          judge(
            'weakens',
            resource,
            'it adds routes to our Gateway. Of two for one path the older wins',
          ),
        ]
      : []),
  ]
}

function judgeEntry(subject: LiveSubject, resource: Resource): Judgment[] {
  const { hosts: names } = readAt(entrySpec, resource)
  const frontend = hostOf(subject)
  const isHere = resource.metadata.namespace === subject.namespace
  if (isHere && names.some((each) => isFor(each, signer))) {
    return [judge('breaks', resource, `it gives ${signer} other addresses`)]
  }
  if (names.includes(frontend)) {
    return [judge('weakens', resource, `it gives ${frontend} other addresses, which get messages`)]
  }
  return []
}

/** True if `host` includes `wanted`: a full name, the name alone, or a pattern. `place`: its namespace, if that is another one. */
function isFor(host: string, wanted: string, place?: string): boolean {
  const [name = '', owner = ''] = wanted.split('.')
  if (host.startsWith('*')) return wanted.endsWith(host.slice(1))
  if (host === wanted) return true
  if (wanted === signer) return false
  return (
    host === `${name}.${owner}` ||
    host.startsWith(`${name}.${owner}.svc`) ||
    (host === name && (place === undefined || place === owner))
  )
}

/** The name of the application's Service. */
function hostOf({ application, namespace }: LiveSubject): string {
  return `${application.service}.${namespace}.svc.cluster.local`
}
