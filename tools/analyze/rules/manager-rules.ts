// Who can read the key in a key manager: only External Secrets, as a ServiceAccount without Pods, and without a stored
// credential.
import { z } from 'zod'
import { findPlaceholders } from '../../deploy/preflight/placeholders.ts'
import { keySecret } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { type Finding, findKeys, readAt, valueAt } from '../finding.ts'
import { isOfProject } from '../model/application.ts'
import { isOfPodNamespace } from '../model/namespace.ts'
import { listContainers, listWorkloadResources, readWorkload, type Workload } from '../model/pod.ts'
import type { Rule } from '../rule.ts'

/** Annotations that give the Pods of a ServiceAccount a cloud identity. */
const identities =
  /^(eks\.amazonaws\.com\/role-arn|azure\.workload\.identity\/(client|tenant)-id|iam\.gke\.io\/gcp-service-account)$/
/** Azure's webhook changes only Pods with this label. */
const azureLabel = 'azure.workload.identity/use'
/** Variables that the webhooks set, and those from which cloud libraries read stored credentials. */
const credentials =
  /^(AWS_(ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|CONTAINER_\w+|ACCESS_KEY_ID|SECRET_ACCESS_KEY)|AZURE_(FEDERATED_TOKEN_FILE|CLIENT_\w+)|GOOGLE_APPLICATION_CREDENTIALS)$/
const target = z.object({ target: z.object({ name: z.string().optional() }).optional() })

export const managerRules: readonly Rule[] = [
  {
    name: 'cloud-identity',
    title: 'no Pod of this project has a cloud identity, by ServiceAccount, label or variable',
    // Another application may call the cloud. The key is read by another ServiceAccount.
    find: (resources, { isOurs }) =>
      isOurs
        ? [
            ...listAccounts(resources).flatMap(findIdentities),
            ...listWorkloads(resources).flatMap(findCredentials),
          ]
        : [],
  },
  {
    name: 'key-store',
    title:
      'the SecretStore of the key uses a ServiceAccount without Pods, and no stored credential',
    find: (resources, { isOurs }) => {
      const names = listOfKind(resources, 'ExternalSecret')
        .filter((each) => targetOf(each) === keySecret)
        .map(({ spec }) => valueAt(spec, ['secretStoreRef', 'name']))
      return listOfKind(resources, 'SecretStore')
        .filter((each) => isOurs || isOfProject(each) || names.includes(each.metadata.name))
        .flatMap((store) => checkStore(store, resources))
    },
  },
  {
    name: 'key-target',
    title: 'an ExternalSecret of this project writes the Secret hmac-key and no other',
    find: (resources, { isOurs }) =>
      listOfKind(resources, 'ExternalSecret')
        .filter((each) => (isOurs || isOfProject(each)) && targetOf(each) !== keySecret)
        .map((resource) => ({
          resource,
          path: ['spec', 'target', 'name'],
          message: `admission policies protect only the Secret ${keySecret}: set target.name to it`,
        })),
  },
  {
    name: 'filled-in',
    title: 'no placeholder is left',
    find: (resources) =>
      resources.flatMap((resource) =>
        findPlaceholders(resource).map(({ name, path }) => ({
          resource,
          path,
          message: `${name} is a placeholder: set your value`,
        })),
      ),
  },
]

/** The Secret that an ExternalSecret writes. */
function targetOf(each: Resource): string {
  return readAt(target, each).target?.name ?? each.metadata.name
}

function listOfKind(resources: readonly Resource[], wanted: string): Resource[] {
  return resources.filter((each) => each.kind === wanted && isOfPodNamespace(each, resources))
}

function listWorkloads(resources: readonly Resource[]): Workload[] {
  return listWorkloadResources(resources)
    .filter((each) => isOfPodNamespace(each, resources))
    .map(readWorkload)
}

/** Lists the ServiceAccounts of the Pods. */
function listAccounts(resources: readonly Resource[]): Resource[] {
  const names = listWorkloads(resources).map(({ spec }) => spec.serviceAccountName)
  return listOfKind(resources, 'ServiceAccount').filter(({ metadata }) =>
    names.includes(metadata.name),
  )
}

function findIdentities(resource: Resource): Finding[] {
  return Object.keys(resource.metadata.annotations ?? {})
    .filter((name) => identities.test(name))
    .map((name) => ({
      resource,
      path: ['metadata', 'annotations', name],
      message:
        'this gives a cloud identity to every container of the Pods, also to the frontend: remove it',
    }))
}

function findCredentials(workload: Workload): Finding[] {
  const { resource, path, metadata } = workload
  return [
    ...(azureLabel in metadata.labels
      ? [
          {
            resource,
            path: [...path, 'metadata', 'labels', azureLabel],
            message:
              "with this label, Azure's webhook gives every container of the Pod a token: remove it",
          },
        ]
      : []),
    ...listContainers(workload).flatMap(({ name, env, path: place }) =>
      env.flatMap((variable, index) =>
        credentials.test(variable.name)
          ? [
              {
                resource,
                path: [...place, 'env', index],
                message: `${variable.name} gives ${name} a cloud identity: remove it`,
              },
            ]
          : [],
      ),
    ),
  ]
}

function checkStore(resource: Resource, resources: readonly Resource[]): Finding[] {
  const { spec } = resource
  const accounts = findKeys(spec, ['spec'], (key) => key === 'serviceAccountRef')
  const pods = listWorkloads(resources).map((each) => each.spec.serviceAccountName)
  return [
    ...(accounts.length > 0
      ? []
      : [
          {
            resource,
            path: ['spec', 'provider'],
            message:
              'without a serviceAccountRef, the store uses the identity of External Secrets, as any store can: set it',
          },
        ]),
    ...accounts
      .map((path) => [...path, 'name'])
      .filter((path) => pods.includes(String(valueAt(resource, path))))
      .map((path) => ({
        resource,
        path,
        message: 'a Pod has this ServiceAccount: use one without Pods',
      })),
    ...findKeys(spec, ['spec'], (key) => /secretref$/i.test(key)).map((path) => ({
      resource,
      path,
      message:
        'anyone who reads this stored credential can read the key: use a serviceAccountRef instead',
    })),
  ]
}
