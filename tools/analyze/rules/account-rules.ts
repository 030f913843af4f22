// The identities of the containers: user ids on the node, and ServiceAccounts at the API server.
import { sharesPod } from '../../kube/layouts.ts'
import type { Finding, Path } from '../finding.ts'
import { isOfPodNamespace } from '../model/namespace.ts'
import {
  findOurResources,
  listContainers,
  listWorkloadResources,
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
    title: 'every container has its own UID and GID, none of them 0 or 1337',
    find: (resources) => readPods(resources).flatMap(checkIds),
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
            message: 'every container gets an API token: set automountServiceAccountToken to false',
          })),
        ...resources
          .filter(({ kind }) => kind === 'ServiceAccount')
          .filter(({ metadata }) => [frontend, signer].includes(metadata.name))
          .filter((account) => isOfPodNamespace(account, resources))
          .filter((account) => account.automountServiceAccountToken !== false)
          .map((resource) => ({
            resource,
            path: ['automountServiceAccountToken'],
            message:
              'every Pod of this ServiceAccount gets an API token: set automountServiceAccountToken to false',
          })),
      ]
    },
  },
  {
    name: 'own-account',
    title: 'our Pods have the ServiceAccounts that the policies name, and no other workload does',
    find: (resources) => {
      const layout = readLayout(resources)
      const { frontend, signer } = layout
      const ours = findOurResources(resources)
      const others = listWorkloadResources(resources)
        .filter((each) => isOfPodNamespace(each, resources) && !ours.includes(each))
        .map(readWorkload)
        .filter(({ spec }) => [frontend, signer].includes(spec.serviceAccountName))
      return [
        ...checkAccount(readPod(resources), signer),
        ...(sharesPod(layout) ? [] : checkAccount(readFrontendPod(resources), frontend)),
        ...others.map((each) =>
          atAccount(each, 'makes the policies accept this Pod: use another ServiceAccount'),
        ),
      ]
    },
  },
]

/** False for root, and for the id whose traffic Istio does not redirect to the proxy. */
function isOrdinary(id: number | undefined): boolean {
  return id !== undefined && id !== 0 && id !== proxyId
}

function checkAccount(pod: Workload, wanted: string): Finding[] {
  return pod.spec.serviceAccountName === wanted
    ? []
    : [atAccount(pod, `must be ${wanted}, which the policies name`)]
}

function atAccount({ resource, path, spec }: Workload, what: string): Finding {
  const message = `the ServiceAccount ${spec.serviceAccountName} ${what}`
  return { resource, path: [...path, 'spec', 'serviceAccountName'], message }
}

function checkIds(pod: Workload): Finding[] {
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
        ...(isOrdinary(id)
          ? []
          : [
              at(
                here,
                `${name}: ${field} is ${id ?? 'not set'}: set an id other than 0 and ${proxyId}`,
              ),
            ]),
        ...(ids.indexOf(id) < index
          ? [at(here, `${name}: another container has ${field} ${id} too: set a different id`)]
          : []),
      ]
    })
  })
  const { fsGroup, supplementalGroups } = securityContext
  const podContext = [...pod.path, 'spec', 'securityContext']
  return [
    ...perContainer,
    ...(['runAsUser', 'runAsGroup'] as const)
      .filter((field) => securityContext[field] === proxyId)
      .map((field) =>
        at(
          [...podContext, field],
          `the Pod's ${field} is ${proxyId}, the proxy's id: set another id`,
        ),
      ),
    // A platform's admission may add a group to Pods. Mounts are the boundary, so only the proxy's own group matters there.
    ...(fsGroup === undefined || (pod.resource.kind === 'Pod' && fsGroup !== proxyId)
      ? []
      : [
          at(
            [...podContext, 'fsGroup'],
            `fsGroup puts all containers into group ${fsGroup}: remove it`,
          ),
        ]),
    ...supplementalGroups.map((group, index) =>
      at(
        [...podContext, 'supplementalGroups', index],
        `supplementalGroups puts all containers into group ${group}: remove it`,
      ),
    ),
  ]
}
