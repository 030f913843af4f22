// The names by which routes lead to our Pods.
import type { Resource } from '../../kube/resources.ts'
import { valueAt } from '../finding.ts'
import { findPodNamespace, listInScope, selectsPod } from './namespace.ts'

export const publicPath = '/process'
export const publicPort = 8080
export const frontendService = 'frontend'
/** The signer of the own Pod, and the Service of a signer in another Pod. */
export const signerNames = ['signer.pod.internal', 'signer']

export type OwnServices = {
  namespace: string
  /** The Services that select one of our Pods, and the one of the frontend. */
  names: readonly string[]
  /** `host`: a name alone, or with its namespace and the cluster's domain. `from`: the namespace of the route. */
  isOwn: (host: string, from: string | undefined) => boolean
}

export function findOwnServices(resources: readonly Resource[]): OwnServices {
  const namespace = findPodNamespace(resources)
  const services = listInScope(resources, 'Service')
    .filter(({ spec }) => selectsPod(valueAt(spec, ['selector']), resources))
    .map(({ metadata }) => metadata.name)
  const names = [frontendService, ...services]
  return {
    namespace,
    names,
    isOwn: (host, from = namespace) => {
      const [name = '', owner = from] = host.split('.')
      return host === signerNames[0] || (names.includes(name) && owner === namespace)
    },
  }
}
