// Rules for a Pod after Istio has injected its proxy.

import { listMounts } from '../../../tools/analyze/model/mounts.ts'
import {
  listContainers,
  listVolumes,
  proxyName,
  readPods,
  type Workload,
} from '../../../tools/analyze/model/pod.ts'
import type { Rule } from '../../../tools/analyze/rule.ts'
import { managerRules } from '../../../tools/analyze/rules/manager-rules.ts'
import { podRules } from '../../../tools/analyze/rules.ts'

const aboutFiles = ['pod-security', 'key-in-manifest', 'key-elsewhere']
/** Volumes with a secret, in every layout. */
const held = ['hmac-key', 'caller-token']

export const injectedRules: readonly Rule[] = [
  ...podRules.filter(({ name }) => !aboutFiles.includes(name)),
  // A cloud's webhook also changes Pods.
  ...managerRules.filter(({ name }) => name === 'cloud-identity'),
  {
    name: 'injected-proxy',
    title: "the proxy is there and mounts the signer's socket, and no secret",
    find: (resources) => {
      const pods = readPods(resources)
      const secrets = pods.flatMap((pod) => listSecretVolumes(pod).map(({ name }) => name))
      const wanted = pods.length === 1 ? [...held, 'pairing'] : held
      const areThere = secrets.toSorted().join() === wanted.toSorted().join()
      return [
        ...pods.flatMap((pod, index) => judgeProxy(pod, { hasSocket: index === 0 })),
        ...(areThere ? [] : [{ path: [], message: 'the volumes are not there' }]),
      ]
    },
  },
  {
    name: 'injected-capabilities',
    title: 'no container of Istio needs NET_ADMIN',
    find: (resources) =>
      readPods(resources).flatMap((pod) =>
        listContainers(pod)
          .filter(({ securityContext }) => (securityContext.capabilities?.add ?? []).length > 0)
          .map(({ name, path }) => ({
            resource: pod.resource,
            path,
            message: `${name} adds capabilities`,
          })),
      ),
  },
]

function listSecretVolumes(pod: Workload) {
  return listVolumes(pod).filter(({ name }) => [...held, 'pairing'].includes(name))
}

function judgeProxy(pod: Workload, { hasSocket }: { hasSocket: boolean }) {
  const proxy = listContainers(pod).find(({ name }) => name === proxyName)
  const mounters = listMounts(pod, listSecretVolumes(pod)).map(({ container }) => container)
  const mountsSocket = proxy?.volumeMounts.some(({ name }) => name === 'signer-socket') ?? false
  const messages = [
    ...(proxy === undefined ? ['there is no proxy'] : []),
    ...(mountsSocket === hasSocket ? [] : [hasSocket ? 'no socket' : 'an unexpected socket']),
    ...(mounters.includes(proxyName) ? ['the proxy mounts a secret'] : []),
  ]
  return messages.map((message) => ({ resource: pod.resource, path: pod.path, message }))
}
