// As whom the containers run, on the node and at the API server.
import { serviceAccount } from '../deploy/names.ts'
import { isOurs } from './confinement-rules.ts'
import type { Finding, Path } from './finding.ts'
import { isOfPodNamespace } from './namespace.ts'
import { listContainers, readPod } from './pod.ts'
import type { Rule } from './rule.ts'

const proxyId = 1337

export const accountRules: readonly Rule[] = [
  {
    name: 'user-ids',
    title: 'no container runs as UID or GID 1337, or as root, and none as another',
    find: (resources) => {
      const pod = readPod(resources)
      const { securityContext } = pod.spec
      const own = listContainers(pod).filter(isOurs)
      const at = (path: Path, message: string): Finding => ({
        resource: pod.resource,
        path,
        message,
      })
      const perContainer = (['runAsUser', 'runAsGroup'] as const).flatMap((field) => {
        const ids = own.map((each) => each.securityContext[field] ?? securityContext[field])
        return own.flatMap(({ name, path }, index) => {
          const id = ids[index]
          const here = [...path, 'securityContext', field]
          return [
            ...(isOrdinary(id) ? [] : [at(here, `${name}: ${field} is ${id ?? 'not set'}`)]),
            ...(ids.indexOf(id) < index ? [at(here, `${name}: ${field} ${id} is another's`)] : []),
          ]
        })
      })
      const { fsGroup, supplementalGroups } = securityContext
      const podContext = [...pod.path, 'spec', 'securityContext']
      return [
        ...perContainer,
        ...(['runAsUser', 'runAsGroup'] as const)
          .filter((field) => securityContext[field] === proxyId)
          .map((field) => at([...podContext, field], `the Pod has ${proxyId}, the proxy's id`)),
        ...(fsGroup === undefined
          ? []
          : [at([...podContext, 'fsGroup'], `all containers are in group ${fsGroup}`)]),
        ...supplementalGroups.map((group, index) =>
          at([...podContext, 'supplementalGroups', index], `all containers are in group ${group}`),
        ),
      ]
    },
  },
  {
    name: 'api-token',
    title: 'no container has a token for the API server',
    find: (resources) => {
      const pod = readPod(resources)
      return [
        ...(pod.spec.automountServiceAccountToken === false
          ? []
          : [
              {
                resource: pod.resource,
                path: [...pod.path, 'spec', 'automountServiceAccountToken'],
                message: 'an API token is mounted into every container',
              },
            ]),
        ...resources
          .filter(
            ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === serviceAccount,
          )
          .filter((account) => isOfPodNamespace(account, resources))
          .filter((account) => account.automountServiceAccountToken !== false)
          .map((resource) => ({
            resource,
            path: ['automountServiceAccountToken'],
            message: 'every Pod of this ServiceAccount gets an API token unless it says no',
          })),
      ]
    },
  },
]

/** An id that is neither root nor the one that Istio lets pass around the proxy. */
function isOrdinary(id: number | undefined): boolean {
  return id !== undefined && id !== 0 && id !== proxyId
}
