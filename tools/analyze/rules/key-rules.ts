// Who can read the key.
import { keySecret } from '../../kube/names.ts'
import type { Finding } from '../finding.ts'
import { expectInMemory, expectMounters, listMounts } from '../model/mounts.ts'
import { isOfPodNamespace } from '../model/namespace.ts'
import {
  agentName,
  type Container,
  findSigningResource,
  listContainers,
  listPodMakers,
  listVolumes,
  readPod,
  readPods,
  readWorkload,
  type Volume,
  type Workload,
} from '../model/pod.ts'
import type { Rule } from '../rule.ts'

/** Also where no Secret has the key. */
const keyVolume = 'hmac-key'

export const keyRules: readonly Rule[] = [
  {
    name: 'key-mount',
    title: 'the key is mounted into the signer, whole and read-only, and into what brings it alone',
    find: (resources) => {
      const pod = readPod(resources)
      const { resource } = pod
      const volumes = listVolumes(pod).filter(
        (each) => each.name === keyVolume || holdsSecret(each),
      )
      const mounts = listMounts(pod, volumes)
      const fetched = volumes.filter((each) => !holdsSecret(each))
      const writers = fetched.length === 0 ? [] : [agentName]
      return [
        ...expectMounters(pod, volumes, ['signer', ...writers], 'the key'),
        ...expectInMemory(pod, fetched, 'the key'),
        ...mounts
          .filter(({ container, readOnly }) => !readOnly && !writers.includes(container))
          .map(({ path }) => ({
            resource,
            path: [...path, 'readOnly'],
            message: 'the key can be written to',
          })),
        ...mounts
          .filter(({ subPath }) => subPath !== undefined)
          .map(({ path }) => ({
            resource,
            path: [...path, 'subPath'],
            message: 'a subPath never sees a rotated key',
          })),
      ]
    },
  },
  {
    name: 'key-environment',
    title: 'no Secret is in any environment',
    find: (resources) =>
      readPods(resources).flatMap((pod) =>
        listContainers(pod)
          .flatMap(findSecretsInEnvironment)
          .map(({ path, message }) => ({ resource: pod.resource, path, message })),
      ),
  },
  {
    name: 'key-elsewhere',
    title: 'no other workload has the key',
    find: (resources) =>
      listPodMakers(resources)
        .filter((resource) => resource !== findSigningResource(resources))
        .flatMap((resource) => findKeyIn(readWorkload(resource))),
  },
  {
    name: 'key-in-manifest',
    title: 'no resource holds a key',
    find: (resources) =>
      resources
        .filter(({ kind }) => kind === 'Secret')
        .filter((secret) => isOfPodNamespace(secret, resources))
        .map((resource) => ({
          resource,
          path: [],
          message: 'a Secret is in the manifests, and so whoever reads them reads it',
        })),
  },
]

function holdsSecret({ secret, projected }: Volume): boolean {
  return secret !== undefined || (projected?.sources.some((each) => each.secret) ?? false)
}

function findSecretsInEnvironment({ name, env, envFrom, path }: Container) {
  return [
    ...env.map((each, index) => ({
      secret: each.valueFrom?.secretKeyRef,
      path: [...path, 'env', index],
      message: `${name} has ${each.name} of a Secret: /proc and crash reports show an environment`,
    })),
    ...envFrom.map(({ secretRef }, index) => ({
      secret: secretRef,
      path: [...path, 'envFrom', index],
      message: `${name} has a whole Secret in its environment`,
    })),
  ].filter(({ secret }) => secret !== undefined)
}

function findKeyIn(workload: Workload): Finding[] {
  const { resource } = workload
  const isKey = (source: unknown) => JSON.stringify(source)?.includes(`"${keySecret}"`) ?? false
  return [
    ...listVolumes(workload)
      .filter(({ secret, projected }) => isKey(secret) || isKey(projected))
      .map(({ path }) => ({ resource, path, message: `a volume of the Secret ${keySecret}` })),
    ...listContainers(workload)
      .flatMap(findSecretsInEnvironment)
      .filter(({ secret }) => isKey(secret))
      .map(({ path, message }) => ({ resource, path, message })),
  ]
}
