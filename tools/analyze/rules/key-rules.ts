// Which containers can read the key.
import { keySecret } from '../../kube/names.ts'
import { type Finding, valueAt } from '../finding.ts'
import { checkInMemory, checkMounters } from '../model/mounts.ts'
import { isOfPodNamespace } from '../model/namespace.ts'
import {
  agentName,
  type Container,
  findSigningResource,
  listContainers,
  listReleasedContainers,
  listVolumes,
  listWorkloadResources,
  readPod,
  readPods,
  readWorkload,
  type Volume,
  type Workload,
} from '../model/pod.ts'
import type { Rule } from '../rule.ts'

/** The volume's name, also if the key is in no Secret. */
const keyVolume = 'hmac-key'

export const keyRules: readonly Rule[] = [
  {
    name: 'key-mount',
    title: 'the signer mounts the key, and nothing else mounts it, except what reads it from Vault',
    find: (resources) => {
      const pod = readPod(resources)
      const volumes = listVolumes(pod).filter((each) => each.name === keyVolume || holdsKey(each))
      const fetched = volumes.filter((each) => !holdsKey(each))
      const writers = fetched.length === 0 ? [] : [agentName]
      return [
        ...checkMounters(pod, volumes, ['signer', ...writers], 'the key'),
        ...checkInMemory(pod, fetched, 'the key'),
      ]
    },
  },
  {
    name: 'key-environment',
    title:
      'the key is in no environment variable, and no container of this project has a Secret there',
    find: (resources, application) =>
      readPods(resources).flatMap((pod) => {
        const released = listReleasedContainers(pod, application).map(({ name }) => name)
        return listContainers(pod).flatMap((container) =>
          findSecretsInEnvironment(container)
            .filter(({ secret }) => released.includes(container.name) || isKey(secret))
            .map(({ path, message }) => ({ resource: pod.resource, path, message })),
        )
      }),
  },
  {
    name: 'key-elsewhere',
    title: 'no other workload has the key',
    find: (resources) =>
      listWorkloadResources(resources)
        .filter((resource) => resource !== findSigningResource(resources))
        // A signer of another namespace has a key of its own.
        .filter((resource) => isOfPodNamespace(resource, resources))
        .flatMap((resource) => findKeyIn(readWorkload(resource))),
  },
  {
    name: 'key-in-manifest',
    title: 'no resource holds the key',
    find: (resources) =>
      resources
        .filter(({ kind, metadata }) => kind === 'Secret' && metadata.name === keySecret)
        .filter((secret) => isOfPodNamespace(secret, resources))
        .map((resource) => ({
          resource,
          path: [],
          message:
            'the manifests hold the key, which anyone who reads them can read: create it on the cluster',
        })),
  },
]

/** True if a source of a volume or of a variable is the Secret with the key. */
function isKey(source: unknown): boolean {
  return ['secretName', 'name'].some((field) => valueAt(source, [field]) === keySecret)
}

function holdsKey({ secret, projected }: Volume): boolean {
  return isKey(secret) || (projected?.sources.some((each) => isKey(each.secret)) ?? false)
}

function findSecretsInEnvironment({ name, env, envFrom, path }: Container) {
  return [
    ...env.map((each, index) => ({
      secret: each.valueFrom?.secretKeyRef,
      path: [...path, 'env', index],
      message: `${name} has ${each.name} from a Secret, and /proc and crash reports show it: remove it`,
    })),
    ...envFrom.map(({ secretRef }, index) => ({
      secret: secretRef,
      path: [...path, 'envFrom', index],
      message: `${name} has a whole Secret in its environment: remove it`,
    })),
  ].filter(({ secret }) => secret !== undefined)
}

function findKeyIn(workload: Workload): Finding[] {
  const { resource } = workload
  return [
    ...listVolumes(workload)
      .filter(holdsKey)
      .map(({ path }) => ({
        resource,
        path,
        message: `this workload mounts the Secret ${keySecret}: only the signer may. Remove the volume`,
      })),
    ...listContainers(workload)
      .flatMap(findSecretsInEnvironment)
      .filter(({ secret }) => isKey(secret))
      .map(({ path, message }) => ({ resource, path, message })),
  ]
}
