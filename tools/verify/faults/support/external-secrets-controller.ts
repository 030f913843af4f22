// Writes the Secret as the controller of External Secrets does (pkg/controllers/externalsecret in its source). It uses the
// controller's field manager, which marks the entries to remove later, and makes the ExternalSecret the owner.
import { hash } from 'node:crypto'
import { z } from 'zod'
import { kubectl, kubectlJson, kubectlJsonIfAny } from '../../../kube/kubectl.ts'
import { keySecret, namespace } from '../../../kube/names.ts'
import { type Resource, resourceSchema } from '../../../kube/resources.ts'

const prefix = 'reconcile.external-secrets.io'
const manager = `externalsecrets.external-secrets.io/${keySecret}`
const value = z.record(z.string(), z.base64())
const secretSchema = z.looseObject({
  metadata: z.looseObject({
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    managedFields: z
      .array(
        z.looseObject({
          manager: z.string().optional(),
          fieldsV1: z.looseObject({ 'f:data': z.record(z.string(), z.unknown()).optional() }),
        }),
      )
      .default([]),
  }),
  data: z.record(z.string(), z.string()).default({}),
})
type Secret = z.infer<typeof secretSchema>
const newSecret = secretSchema.parse({
  ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' },
  metadata: { name: keySecret, namespace },
})

/** Writes `text`, the value in the key manager, to the Secret. Throws without a change if it is invalid. */
export async function bringValue(text: string): Promise<void> {
  const entries = value.parse(JSON.parse(text))
  const found = await readSecret()
  const secret = found ?? newSecret
  const managed = listManaged(secret)
  const kept = Object.entries(secret.data).filter(([id]) => !managed.includes(id))
  const data = { ...Object.fromEntries(kept), ...entries }
  const { labels, annotations } = secret.metadata
  const metadata = {
    ...secret.metadata,
    ownerReferences: [await describeOwner()],
    labels: {
      ...labels,
      [`${prefix}/managed`]: 'true',
      [`${prefix}/created-by`]: hash('sha256', `${namespace}/${keySecret}`).slice(0, 56),
    },
    annotations: {
      ...annotations,
      [`${prefix}/data-hash`]: hash('sha256', JSON.stringify(data)).slice(0, 56),
    },
  }
  const parameters = new URLSearchParams({ fieldManager: manager })
  const secrets = `/api/v1/namespaces/${namespace}/secrets`
  const args =
    found === undefined
      ? ['create', '--raw', `${secrets}?${parameters}`]
      : ['replace', '--raw', `${secrets}/${keySecret}?${parameters}`]
  await kubectl([...args, '-f', '-'], { input: JSON.stringify({ ...secret, metadata, data }) })
}

export async function reportReadiness(status: 'True' | 'False', message: string): Promise<void> {
  const condition = {
    ...{ type: 'Ready', status, message },
    reason: status === 'True' ? 'SecretSynced' : 'SecretSyncedError',
    lastTransitionTime: new Date().toISOString(),
  }
  const patch = JSON.stringify({ status: { conditions: [condition] } })
  const target = ['externalsecret', keySecret, '-n', namespace]
  await kubectl(['patch', ...target, '--subresource=status', '--type=merge', '-p', patch])
}

async function describeOwner() {
  const { apiVersion, kind, metadata } = await readExternalSecret()
  const { name, uid } = metadata
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
}

function readExternalSecret(): Promise<Resource> {
  return kubectlJson(resourceSchema, [
    ...['get', 'externalsecret', keySecret, '-n', namespace, '-o', 'json'],
  ])
}

function readSecret(): Promise<Secret | undefined> {
  const shown = ['--ignore-not-found', '--show-managed-fields', '-o', 'json']
  return kubectlJsonIfAny(secretSchema, ['get', 'secret', keySecret, '-n', namespace, ...shown])
}

function listManaged({ metadata }: Secret): string[] {
  const own = metadata.managedFields.filter((each) => each.manager === manager)
  return own.flatMap(({ fieldsV1 }) =>
    Object.keys(fieldsV1['f:data'] ?? {}).map((name) => name.replace(/^f:/, '')),
  )
}
