// Who can read the key where it is managed: External Secrets, as a ServiceAccount that no Pod has, and with no credential
// that is stored anywhere.
import { z } from 'zod'
import { findPlaceholders } from '../../deploy/preflight/placeholders.ts'
import { keySecret } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { type Finding, findKeys, readAt, valueAt } from '../finding.ts'
import { isOfPodNamespace } from '../model/namespace.ts'
import { listContainers, listPodMakers, readWorkload, type Workload } from '../model/pod.ts'
import type { Rule } from '../rule.ts'

/** By which the clouds know that a ServiceAccount's Pods are somebody there. */
const identities =
  /^(eks\.amazonaws\.com\/role-arn|azure\.workload\.identity\/(client|tenant)-id|iam\.gke\.io\/gcp-service-account)$/
/** Without it Azure's webhook leaves a Pod alone. */
const azureLabel = 'azure.workload.identity/use'
/** What the webhooks put into containers, and what the clouds' libraries take stored credentials from. */
const credentials =
  /^(AWS_(ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|CONTAINER_\w+|ACCESS_KEY_ID|SECRET_ACCESS_KEY)|AZURE_(FEDERATED_TOKEN_FILE|CLIENT_\w+)|GOOGLE_APPLICATION_CREDENTIALS)$/
const target = z.object({ target: z.object({ name: z.string().optional() }).optional() })

export const managerRules: readonly Rule[] = [
  {
    name: 'cloud-identity',
    title: 'no Pod is somebody at a cloud, by its ServiceAccount, a label or a variable',
    find: (resources) => [
      ...listAccounts(resources).flatMap(findIdentities),
      ...listWorkloads(resources).flatMap(findCredentials),
    ],
  },
  {
    name: 'key-store',
    title: 'a key manager is asked as a ServiceAccount that no Pod has, with nothing stored',
    find: (resources) =>
      listOurs(resources, 'SecretStore').flatMap((store) => findWrongIdentity(store, resources)),
  },
  {
    name: 'key-target',
    title: 'what comes from a key manager becomes the Secret hmac-key, and no other',
    find: (resources) =>
      listOurs(resources, 'ExternalSecret')
        .filter((each) => (readAt(target, each).target?.name ?? each.metadata.name) !== keySecret)
        .map((resource) => ({
          resource,
          path: ['spec', 'target', 'name'],
          message: `a Secret other than ${keySecret}: nothing keeps it out of other containers`,
        })),
  },
  {
    name: 'filled-in',
    title: 'nothing is left to be filled in',
    find: (resources) =>
      resources.flatMap((resource) =>
        findPlaceholders(resource).map(({ name, path }) => ({
          resource,
          path,
          message: `${name} is not filled in`,
        })),
      ),
  },
]

function listOurs(resources: readonly Resource[], wanted: string): Resource[] {
  return resources.filter((each) => each.kind === wanted && isOfPodNamespace(each, resources))
}

function listWorkloads(resources: readonly Resource[]): Workload[] {
  return listPodMakers(resources)
    .filter((each) => isOfPodNamespace(each, resources))
    .map(readWorkload)
}

/** The ServiceAccounts that Pods have. */
function listAccounts(resources: readonly Resource[]): Resource[] {
  const names = listWorkloads(resources).map(({ spec }) => spec.serviceAccountName)
  return listOurs(resources, 'ServiceAccount').filter(({ metadata }) =>
    names.includes(metadata.name),
  )
}

function findIdentities(resource: Resource): Finding[] {
  return Object.keys(resource.metadata.annotations ?? {})
    .filter((name) => identities.test(name))
    .map((name) => ({
      resource,
      path: ['metadata', 'annotations', name],
      message: 'a cloud gives it to each container of its Pods, the frontend too',
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
            message: "Azure's webhook gives each container of this Pod a token",
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
                message: `${name} has ${variable.name}, by which a cloud takes it for somebody`,
              },
            ]
          : [],
      ),
    ),
  ]
}

function findWrongIdentity(resource: Resource, resources: readonly Resource[]): Finding[] {
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
              'without a serviceAccountRef it asks as External Secrets, as any store here may',
          },
        ]),
    ...accounts
      .map((path) => [...path, 'name'])
      .filter((path) => pods.includes(String(valueAt(resource, path))))
      .map((path) => ({ resource, path, message: 'a Pod has this ServiceAccount' })),
    ...findKeys(spec, ['spec'], (key) => /secretref$/i.test(key)).map((path) => ({
      resource,
      path,
      message:
        'a credential that is stored: whoever reads it reads the key, for as long as it lives',
    })),
  ]
}
