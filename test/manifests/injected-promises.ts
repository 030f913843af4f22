// What must hold of a Pod when Istio has added its proxy to it.
import { confinementPromises } from './confinement-promises.ts'
import { keyPromises } from './key-promises.ts'
import { findMounters, listContainers, proxyName, readPod } from './pod.ts'
import type { ResourcePromise } from './promise.ts'

const aboutFiles = /Pod Security|no resource holds/

/** The promises about the Pod, and those that only injection can break. */
export const injectedPromises: readonly Pick<ResourcePromise, 'title' | 'find'>[] = [
  ...[...keyPromises, ...confinementPromises].filter(({ title }) => !aboutFiles.test(title)),
  {
    title: 'the proxy is there and mounts the socket, and no secret',
    find: (resources) => {
      const pod = readPod(resources)
      const proxy = listContainers(pod).find(({ name }) => name === proxyName)
      const secrets = pod.spec.volumes.filter(({ name }) =>
        /^(hmac-key|caller-token|pairing)$/.test(name),
      )
      return [
        ...(proxy === undefined ? ['there is no proxy'] : []),
        ...(proxy?.volumeMounts.some(({ name }) => name === 'signer-socket') ? [] : ['no socket']),
        ...(secrets.length === 3 ? [] : ['the volumes are not there']),
        ...(findMounters(pod, secrets).includes(proxyName) ? ['the proxy mounts a secret'] : []),
      ]
    },
  },
  {
    title: 'no container of Istio needs NET_ADMIN',
    find: (resources) =>
      listContainers(readPod(resources))
        .filter(({ securityContext }) => (securityContext.capabilities?.add ?? []).length > 0)
        .map(({ name }) => `${name} adds capabilities`),
  },
]
