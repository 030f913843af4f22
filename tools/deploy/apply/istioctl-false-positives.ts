// Recognizes false positives of istioctl analyze. It reads Pods and Services from the cluster alone, and not from files. So on
// a first deployment it reports those as missing that the same rendering creates.
import { z } from 'zod'
import type { Resource } from '../../kube/resources.ts'

export type Message = {
  code: string
  level: string
  message: string
  origin: string
  reference: string
}

type Labels = Record<string, string>

const labels = z.record(z.string(), z.string())
const policySpec = z.looseObject({
  selector: z.looseObject({ matchLabels: labels.default({}) }).default({ matchLabels: {} }),
})
const deploymentSpec = z.looseObject({
  template: z.looseObject({ metadata: z.looseObject({ labels }) }),
})

/** The message about a missing host, by code. The host is the first group. */
const missingHost: Readonly<Record<string, RegExp>> = {
  IST0101: /^Referenced host not found: "(.*)"$/,
  IST0174: /^The host (\S+) defined in the DestinationRule does not match any services/,
}
const missingSelector = /^Referenced selector not found: "(.*)"$/
const conflictingGateways = /^Conflict with gateways (\S+) \(/
const conflictingSidecars = /^The Sidecars \[(.*)\] in namespace "(.*)" select the same workload/

/** Returns true if `resources` create the Pod or Service that `message` misses, or if it conflicts with a removed Gateway or Sidecar. */
export function isFalsePositive(
  resources: readonly Resource[],
  message: Message,
  removed: readonly Resource[] = [],
): boolean {
  if (message.code === 'IST0145' || message.code === 'IST0110') {
    return isConflictWithRemoved(message, removed)
  }
  const subject = findSubject(resources, message.origin)
  const namespace = subject?.metadata.namespace
  if (subject === undefined || namespace === undefined) return false
  if (message.code === 'IST0127' && subject.kind === 'AuthorizationPolicy') {
    return createsPod(resources, namespace, policySpec.parse(subject.spec).selector.matchLabels)
  }
  const host = missingHost[message.code]?.exec(message.message)?.[1]
  if (host !== undefined) {
    return resources.some((each) => each.kind === 'Service' && isNamedBy(each, host, namespace))
  }
  const selector = missingSelector.exec(message.message)?.[1]
  if (message.code !== 'IST0101' || selector === undefined) return false
  return createsPod(resources, namespace, parseSelector(selector))
}

/** Returns true if at most one of the Gateways or Sidecars in conflict stays. */
function isConflictWithRemoved(message: Message, removed: readonly Resource[]): boolean {
  const all = listInConflict(message)
  const names = removed.map(
    ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
  )
  const staying = all.filter((each) => !names.includes(each))
  // istiod joins the routes of our Gateways `public`, which are plain HTTP, in several namespaces.
  const areOurs = staying.every((each) => /^Gateway .+\/public$/.test(each))
  return all.length > 0 && (staying.length <= 1 || areOurs)
}

/** E.g. "Gateway signing/public". */
function listInConflict({ origin, message }: Message): string[] {
  const [, gateways] = conflictingGateways.exec(message) ?? []
  if (gateways !== undefined) {
    return [origin, ...gateways.split(',').map((each) => `Gateway ${each}`)]
  }
  const [, names, namespace] = conflictingSidecars.exec(message) ?? []
  return names?.split(' ').map((name) => `Sidecar ${namespace}/${name}`) ?? []
}

/** `origin` is istioctl's text, for example "Sidecar signing/secure-signing". */
function findSubject(resources: readonly Resource[], origin: string): Resource | undefined {
  return resources.find(
    ({ kind, metadata }) => origin === `${kind} ${metadata.namespace}/${metadata.name}`,
  )
}

function createsPod(resources: readonly Resource[], namespace: string, selector: Labels): boolean {
  return resources
    .filter(({ kind, metadata }) => kind === 'Deployment' && metadata.namespace === namespace)
    .map((deployment) => deploymentSpec.parse(deployment.spec).template.metadata.labels)
    .some((found) => Object.entries(selector).every(([key, value]) => found[key] === value))
}

/** `host` is the Service's name alone within `namespace`, or <name>.<namespace>.svc.<any domain>. */
function isNamedBy({ metadata }: Resource, host: string, namespace: string): boolean {
  const short = metadata.namespace === namespace && host === metadata.name
  return short || host.startsWith(`${metadata.name}.${metadata.namespace}.svc.`)
}

function parseSelector(text: string): Labels {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [key = '', value = ''] = pair.split('=')
      return [key, value]
    }),
  )
}
