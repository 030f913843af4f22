// The names by which routes lead to our Pods.
import type { Resource } from '../../kube/resources.ts'
import { valueAt } from '../finding.ts'
import type { Application } from './application.ts'
import { findPodNamespace, listInScope, selectsPod } from './namespace.ts'

/** The signer of the own Pod, and the Service of a signer in another Pod. */
export const signerNames = ['signer.pod.internal', 'signer']

export type OwnServices = {
  namespace: string
  /** The Services that select one of our Pods, and the one of the application. */
  names: readonly string[]
  /** `host`: a name alone, or with its namespace and the cluster's domain. `from`: the namespace of the route. */
  isOwn: (host: string, from: string | undefined) => boolean
}

export function findOwnServices(
  resources: readonly Resource[],
  { service }: Application,
): OwnServices {
  const namespace = findPodNamespace(resources)
  const services = listInScope(resources, 'Service')
    .filter(({ spec }) => selectsPod(valueAt(spec, ['selector']), resources))
    .map(({ metadata }) => metadata.name)
  const names = [service, ...services]
  return {
    namespace,
    names,
    isOwn: (host, from = namespace) => {
      const [name = '', owner = from] = host.split('.')
      return host === signerNames[0] || (names.includes(name) && owner === namespace)
    },
  }
}

/** True if a route leads where public routes must: to the Service of our frontend. Another application has its own ports. */
export function isRightTarget(
  { isOurs, service, port }: Application,
  host: string,
  given: number | undefined,
): boolean {
  const name = host.split('.')[0] ?? ''
  if (!isOurs) return host !== signerNames[0]
  return name === service && given === port
}
