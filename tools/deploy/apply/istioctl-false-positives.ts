// istioctl analyze reads Pods and Services only from the cluster. It misses those that the deployment is about to make.
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

/** How a host is missed, by message code; the host is the first group. */
const missedHost: Readonly<Record<string, RegExp>> = {
  IST0101: /^Referenced host not found: "(.*)"$/,
  IST0174: /^The host (\S+) defined in the DestinationRule does not match any services/,
}
const missedSelector = /^Referenced selector not found: "(.*)"$/
const conflictingGateways = /^Conflict with gateways (\S+) \(/

/** True if `message` misses something that `resources` bring, or concerns a Gateway that the deployment removes. */
export function isAnsweredBy(
  resources: readonly Resource[],
  message: Message,
  leaving: readonly Resource[] = [],
): boolean {
  if (message.code === 'IST0145') return isConflictWithLeaving(message, leaving)
  const subject = findSubject(resources, message.origin)
  const namespace = subject?.metadata.namespace
  if (subject === undefined || namespace === undefined) return false
  if (message.code === 'IST0127' && subject.kind === 'AuthorizationPolicy') {
    return bringsPod(resources, namespace, policySpec.parse(subject.spec).selector.matchLabels)
  }
  const host = missedHost[message.code]?.exec(message.message)?.[1]
  if (host !== undefined) {
    return resources.some((each) => each.kind === 'Service' && isCalled(each, host, namespace))
  }
  const selector = missedSelector.exec(message.message)?.[1]
  if (message.code !== 'IST0101' || selector === undefined) return false
  return bringsPod(resources, namespace, parseSelector(selector))
}

/** Of the Gateways that conflict, one at most stays. */
function isConflictWithLeaving({ origin, message }: Message, leaving: readonly Resource[]) {
  const [, others] = conflictingGateways.exec(message) ?? []
  if (others === undefined) return false
  const names = leaving.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
  const all = [origin.replace(/^Gateway /, ''), ...others.split(',')]
  return all.filter((each) => !names.includes(each)).length <= 1
}

/** `origin` is what istioctl prints, e.g. "Sidecar signing/secure-signing". */
function findSubject(resources: readonly Resource[], origin: string): Resource | undefined {
  return resources.find(
    ({ kind, metadata }) => origin === `${kind} ${metadata.namespace}/${metadata.name}`,
  )
}

function bringsPod(resources: readonly Resource[], namespace: string, selector: Labels): boolean {
  return resources
    .filter(({ kind, metadata }) => kind === 'Deployment' && metadata.namespace === namespace)
    .map((deployment) => deploymentSpec.parse(deployment.spec).template.metadata.labels)
    .some((found) => Object.entries(selector).every(([key, value]) => found[key] === value))
}

/** A host is a Service's name within `namespace`, or, in every cluster domain, begins with <name>.<namespace>.svc. */
function isCalled({ metadata }: Resource, host: string, namespace: string): boolean {
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
