// The identities of the containers: user ids on the node, and ServiceAccounts at the API server.
import { sharesPod } from '../../kube/layouts.ts'
import type { Finding, Path } from '../finding.ts'
import { type Application, listAccounts } from '../model/application.ts'
import { isOfPodNamespace } from '../model/namespace.ts'
import {
  findOurResources,
  listOwnContainers,
  listReleasedContainers,
  listWorkloadResources,
  readFrontendPod,
  readLayout,
  readPod,
  readPods,
  readWorkload,
  type Workload,
} from '../model/pod.ts'
import type { Rule } from '../rule.ts'

const proxyId = 1337

export const accountRules: readonly Rule[] = [
  {
    name: 'user-ids',
    title: 'every container of this project has its own UID and GID, and none has 0 or 1337',
    find: (resources, application) =>
      readPods(resources).flatMap((pod) => checkIds(pod, application)),
  },
  {
    name: 'api-token',
    title: 'no container gets a token for the API server unasked',
    find: (resources) =>
      readPods(resources)
        .filter(({ spec }) => spec.automountServiceAccountToken !== false)
        .map(({ resource, path }) => ({
          resource,
          path: [...path, 'spec', 'automountServiceAccountToken'],
          message: 'every container gets an API token: set automountServiceAccountToken to false',
        })),
  },
  {
    name: 'own-account',
    title: 'our Pods have the ServiceAccounts that the policies name, and no other workload does',
    find: (resources, application) => {
      const { frontend, signer } = listAccounts(resources, application)
      const ours = findOurResources(resources)
      const others = listWorkloadResources(resources)
        .filter((each) => isOfPodNamespace(each, resources) && !ours.includes(each))
        .map(readWorkload)
        .filter(({ spec }) => [frontend, signer].includes(spec.serviceAccountName))
      return [
        ...checkAccount(readPod(resources), signer),
        ...(sharesPod(readLayout(resources))
          ? []
          : checkAccount(readFrontendPod(resources), frontend)),
        ...others.map((each) =>
          atAccount(
            each,
            "gives this Pod the application's identity and tokens, so that only pairing refuses it: use another ServiceAccount",
          ),
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

function checkIds(pod: Workload, application: Application): Finding[] {
  const { securityContext } = pod.spec
  const { isOurs } = application
  const own = listOwnContainers(pod)
  const released = listReleasedContainers(pod, application).map(({ name }) => name)
  const at = (path: Path, message: string): Finding => ({
    resource: pod.resource,
    path,
    message,
  })
  const perContainer = (['runAsUser', 'runAsGroup'] as const).flatMap((field) => {
    const ids = own.map(({ name, securityContext: each }) => ({
      name,
      id: each[field] ?? securityContext[field],
    }))
    return own.flatMap(({ name, path }, index) => {
      const id = ids[index]?.id
      const isReleased = released.includes(name)
      const isShared = ids.some(
        (other, position) =>
          other.id === id &&
          id !== undefined &&
          other.name !== name &&
          (!released.includes(other.name) || position < index),
      )
      const here = [...path, 'securityContext', field]
      return [
        // The image of an application may set its user. Its group may be root's, which gives no right.
        ...(isOrdinary(id) ||
        (!isReleased && (id === undefined || (id === 0 && field === 'runAsGroup')))
          ? []
          : [
              at(
                here,
                `${name}: ${field} is ${id ?? 'not set'}: set an id other than 0 and ${proxyId}`,
              ),
            ]),
        ...(isReleased && isShared
          ? [at(here, `${name}: another container has ${field} ${id} too: set a different id`)]
          : []),
      ]
    })
  })
  const { fsGroup, supplementalGroups } = securityContext
  const podContext = [...pod.path, 'spec', 'securityContext']
  // Groups of the whole Pod may be an application's or a platform's. Mounts are the boundary, so only the proxy's group matters.
  const isMeant = !isOurs || pod.resource.kind === 'Pod'
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
    ...(fsGroup === undefined || (isMeant && fsGroup !== proxyId)
      ? []
      : [
          at(
            [...podContext, 'fsGroup'],
            `fsGroup puts all containers into group ${fsGroup}: remove it`,
          ),
        ]),
    ...supplementalGroups
      .map((group, index) => ({ group, index }))
      .filter(({ group }) => isOurs || group === proxyId)
      .map(({ group, index }) =>
        at(
          [...podContext, 'supplementalGroups', index],
          `supplementalGroups puts all containers into group ${group}: remove it`,
        ),
      ),
  ]
}
