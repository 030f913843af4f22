// The manifests of an application of somebody else, and its signing.yaml.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Manifest } from '../../../tools/kube/application/manifests.ts'
import type { SigningConfig } from '../../../tools/kube/application/schema.ts'
import { makeFolder } from '../folder.ts'

type Content = Record<string, unknown>

export const config = {
  namespace: 'orders',
  resources: ['manifests.yaml'],
  deployment: 'orders',
  container: 'web',
  port: 8000,
  routes: [{ method: 'POST', path: '/orders' }],
  egress: [],
} as const satisfies Partial<SigningConfig>

/** `spec` and `metadata` are of the Pod template. */
export function makeDeployment({
  spec = {},
  metadata = {},
}: {
  spec?: Content
  metadata?: Content
} = {}) {
  const labels = { app: 'orders' }
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'orders' } },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...metadata },
        spec: {
          serviceAccountName: 'orders',
          containers: [
            { name: 'web', image: 'orders:1', ports: [{ name: 'http', containerPort: 8000 }] },
          ],
          ...spec,
        },
      },
    },
  }
}
export const account = {
  ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'orders' } },
}
export const service = {
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'orders' } },
  spec: { selector: { app: 'orders' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
}
export const plain = [makeDeployment(), account, service]

/** Writes the files to a new folder. Returns the path of signing.yaml. */
export async function writeFiles(
  resources: readonly object[] = plain,
  changes: Content = {},
): Promise<string> {
  const folder = await makeFolder()
  const manifests = resources.map((each) => stringify(each)).join('---\n')
  await writeFile(join(folder, 'manifests.yaml'), manifests)
  const path = join(folder, 'signing.yaml')
  await writeFile(path, stringify({ ...config, ...changes }))
  return path
}

export function toManifest(resource: object): Manifest {
  return { path: 'manifests.yaml', resource: resource as Manifest['resource'] }
}
