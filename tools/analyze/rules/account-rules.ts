// As whom the containers run, on the node and at the API server.
import { sharesPod } from '../../kube/layouts.ts'
import type { Finding, Path } from '../finding.ts'
import { isOfPodNamespace } from '../model/namespace.ts'
import {
  findOurResources,
  listContainers,
  listPodMakers,
  readFrontendPod,
  readLayout,
  readPod,
  readPods,
  readWorkload,
  type Workload,
} from '../model/pod.ts'
import type { Rule } from '../rule.ts'
import { isOurs } from './confinement-rules.ts'

const proxyId = 1337

export const accountRules: readonly Rule[] = [
  {
    name: 'user-ids',
    title: 'no container runs as UID or GID 1337, or as root, and none as another',
    find: (resources) => readPods(resources).flatMap(judgeIds),
  },
  {
    name: 'api-token',
    title: 'no container has a token for the API server',
    find: (resources) => {
      const { frontend, signer } = readLayout(resources)
      return [
        ...readPods(resources)
          .filter(({ spec }) => spec.automountServiceAccountToken !== false)
          .map(({ resource, path }) => ({
            resource,
            path: [...path, 'spec', 'automountServiceAccountToken'],
            message: 'an API token is mounted into every container',
          })),
        ...resources
          .filter(({ kind }) => kind === 'ServiceAccount')
          .filter(({ metadata }) => [frontend, signer].includes(metadata.name))
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
  {
    name: 'own-account',
    title:
      'our Pods have the ServiceAccounts that the policies know, and no other workload has one',
    find: (resources) => {
      const layout = readLayout(resources)
      const { frontend, signer } = layout
      const ours = findOurResources(resources)
      const others = listPodMakers(resources)
        .filter((each) => isOfPodNamespace(each, resources) && !ours.includes(each))
        .map(readWorkload)
        .filter(({ spec }) => [frontend, signer].includes(spec.serviceAccountName))
      return [
        ...judgeAccount(readPod(resources), signer),
        ...(sharesPod(layout) ? [] : judgeAccount(readFrontendPod(resources), frontend)),
        ...others.map((each) =>
          atAccount(each, 'is for our Pods alone: who has it is one of them'),
        ),
      ]
    },
  },
]

/** An id that is neither root nor the one that Istio lets pass around the proxy. */
function isOrdinary(id: number | undefined): boolean {
  return id !== undefined && id !== 0 && id !== proxyId
}

function judgeAccount(pod: Workload, wanted: string): Finding[] {
  return pod.spec.serviceAccountName === wanted
    ? []
    : [atAccount(pod, `is not ${wanted}, by which the policies know this Pod`)]
}

function atAccount({ resource, path, spec }: Workload, what: string): Finding {
  const message = `the ServiceAccount ${spec.serviceAccountName} ${what}`
  return { resource, path: [...path, 'spec', 'serviceAccountName'], message }
}

function judgeIds(pod: Workload): Finding[] {
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
}
