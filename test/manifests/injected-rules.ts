// What must hold of a Pod when Istio has added its proxy to it.

import { managerRules } from '../../analyze/manager-rules.ts'
import { listMounts } from '../../analyze/mounts.ts'
import { listContainers, listVolumes, proxyName, readPod } from '../../analyze/pod.ts'
import type { Rule } from '../../analyze/rule.ts'
import { podRules } from '../../analyze/rules.ts'

const aboutFiles = ['pod-security', 'key-in-manifest', 'key-elsewhere']

/** The rules about the Pod, and those that only injection can break. */
export const injectedRules: readonly Rule[] = [
  ...podRules.filter(({ name }) => !aboutFiles.includes(name)),
  // A cloud's webhook adds to Pods too.
  ...managerRules.filter(({ name }) => name === 'cloud-identity'),
  {
    name: 'injected-proxy',
    title: 'the proxy is there and mounts the socket, and no secret',
    find: (resources) => {
      const pod = readPod(resources)
      const proxy = listContainers(pod).find(({ name }) => name === proxyName)
      const secrets = listVolumes(pod).filter(({ name }) =>
        /^(hmac-key|caller-token|pairing)$/.test(name),
      )
      const mounters = listMounts(pod, secrets).map(({ container }) => container)
      const messages = [
        ...(proxy === undefined ? ['there is no proxy'] : []),
        ...(proxy?.volumeMounts.some(({ name }) => name === 'signer-socket') ? [] : ['no socket']),
        ...(secrets.length === 3 ? [] : ['the volumes are not there']),
        ...(mounters.includes(proxyName) ? ['the proxy mounts a secret'] : []),
      ]
      return messages.map((message) => ({ resource: pod.resource, path: pod.path, message }))
    },
  },
  {
    name: 'injected-capabilities',
    title: 'no container of Istio needs NET_ADMIN',
    find: (resources) => {
      const pod = readPod(resources)
      return listContainers(pod)
        .filter(({ securityContext }) => (securityContext.capabilities?.add ?? []).length > 0)
        .map(({ name, path }) => ({
          resource: pod.resource,
          path,
          message: `${name} adds capabilities`,
        }))
    },
  },
]
