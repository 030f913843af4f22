// Reads which field manager owns which fields of a resource. The API server records this for server-side apply.
import { z } from 'zod'
import { kubectlJsonIfAny } from './kubectl.ts'
import { fieldManager } from './names.ts'
import { listOf, type Resource, resourceSchema } from './resources.ts'

/** A tree of "f:<name>". */
const fields = z.looseObject({
  'f:spec': z.looseObject({ 'f:replicas': z.unknown() }).partial().optional(),
})
export const ownership = {
  ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string() })).optional(),
  managedFields: z
    .array(
      z.looseObject({
        manager: z.string().default(''),
        operation: z.string().default(''),
        subresource: z.string().optional(),
        time: z.string().optional(),
        fieldsV1: fields.default({}),
      }),
    )
    .default([]),
}
const owned = resourceSchema.extend({
  metadata: resourceSchema.shape.metadata.extend(ownership),
})
export type OwnedResource = z.infer<typeof owned>
const found = listOf(owned)

/** Reads those of `resources` that exist on the cluster, with the owners of their fields. */
export async function readOwned(resources: readonly Resource[]): Promise<OwnedResource[]> {
  if (resources.length === 0) return []
  const list = { apiVersion: 'v1', kind: 'List', items: resources }
  const args = ['get', '-f', '-', '--ignore-not-found', '--show-managed-fields', '-o', 'json']
  return (await kubectlJsonIfAny(found, args, { input: JSON.stringify(list) })) ?? []
}

/** Returns the fields that `make deploy` applied. Returns undefined if it did not apply the resource. */
export function findApplied({ metadata }: OwnedResource) {
  return metadata.managedFields.find(
    ({ manager, operation }) => manager === fieldManager && operation === 'Apply',
  )?.fieldsV1
}
