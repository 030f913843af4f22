// Deletes policy resources, as a user with edit rights in the namespace can, and restores them.
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { fieldManager, namespace } from '../../../tools/kube/names.ts'
import { type Resource, resourceSchema } from '../../../tools/kube/resources.ts'

const list = z.object({ items: z.array(resourceSchema) })

/** Deletes `resources`, e.g. "AuthorizationPolicy/signer-allow-nothing". Returns a function that restores them. */
export async function deleteResources(resources: readonly string[]): Promise<() => Promise<void>> {
  const args = ['get', ...resources, 'namespace/default', '-n', namespace, '-o', 'json']
  const { items } = await kubectlJson(list, args)
  const saved = items.filter(({ kind }) => kind !== 'Namespace').map(strip)
  if (saved.length !== resources.length)
    throw new Error(`not all of these exist: ${resources.join(', ')}`)
  await kubectl(['delete', ...resources, '-n', namespace])
  return async () => {
    // With the field manager of `make deploy`, which must keep the fields.
    const apply = ['apply', '--server-side', `--field-manager=${fieldManager}`, '-f', '-']
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: saved })
    await kubectl(apply, { input })
  }
}

/** Lists the resources of `kind` in the namespace, for deleteResources. */
export async function listOfKind(kind: string): Promise<string[]> {
  const { items } = await kubectlJson(list, ['get', kind, '-n', namespace, '-o', 'json'])
  return items.map((each) => `${each.kind}/${each.metadata.name}`)
}

function strip({ apiVersion, kind, metadata, spec }: Resource) {
  const { name, namespace: where, labels = {}, annotations = {} } = metadata
  return { apiVersion, kind, metadata: { name, namespace: where, labels, annotations }, spec }
}
