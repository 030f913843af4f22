// Annotations of the Pod: those that decide which traffic the proxy takes may change. Those that decide what is injected may not.
import { type Finding, valueAt } from '../../../analyze/finding.ts'
import type { Resource } from '../../../kube/resources.ts'
import { type Check, type Context, findDeployed, isAsDeployed, refuse } from './context.ts'

const path = ['spec', 'template', 'metadata', 'annotations'] as const
const measured =
  /^(traffic\.sidecar\.istio\.io\/(in|ex)clude(In|Out)bound(Ports|IPRanges)|sidecar\.istio\.io\/(interceptionMode|rewriteAppHTTPProbers))$/
/** Nothing on the way of a request reads these. They are left out. */
const unread = /^(kubectl\.kubernetes\.io|app\.kubernetes\.io|prometheus\.io)\/|^[^/]+$/
const proxyConfig = 'proxy.istio.io/config'
const proxyFields = ['holdApplicationUntilProxyStarts', 'terminationDrainDuration', 'concurrency']

export const checkAnnotations: Check = (resource, context) =>
  Object.keys(Object(valueAt(resource, path)))
    .filter((key) => !measured.test(key) && !unread.test(key))
    .filter((key) => !isAsDeployed(resource, [...path, key], context))
    .filter((key) => key !== proxyConfig || !isHarmlessConfig(resource, context))
    .map(
      (key): Finding =>
        refuse(
          resource,
          [...path, key],
          `changes the annotation ${key}, on which injection depends`,
        ),
    )

/** Which annotations of the Pod a preview leaves out. */
export function isUnread(key: string): boolean {
  return unread.test(key)
}

/** The fields that only delay starts and stops. All others, such as the environment of the proxy, are as deployed. */
function isHarmlessConfig(resource: Resource, context: Context): boolean {
  const deployed = findDeployed(context, resource)
  const [found, own] = [resource, deployed].map((each) =>
    parse(valueAt(each, [...path, proxyConfig])),
  )
  if (found === undefined) return false
  const keys = [...new Set([...Object.keys(found), ...Object.keys(own ?? {})])]
  return keys
    .filter((key) => !proxyFields.includes(key))
    .every((key) => JSON.stringify(found[key]) === JSON.stringify(own?.[key]))
}

function parse(text: unknown): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(String(text))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
