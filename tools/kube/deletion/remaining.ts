// Reads which resources still exist after a request to delete them, and what keeps each one.
import { z } from 'zod'
import { listMissingKinds } from '../existing-resources.ts'
import { kubectlJsonIfAny } from '../kubectl.ts'
import { listOf, type Resource, resourceSchema } from '../resources.ts'

export type Remaining = {
  resource: Resource
  /** If false, the API server has refused the deletion, or something has created the resource again. */
  isDeleting: boolean
  finalizers: string[]
  /** For a namespace, what its conditions say. */
  conditions: string[]
}

const condition = z.looseObject({ status: z.string(), message: z.string().default('') })
const found = listOf(
  resourceSchema.extend({
    metadata: resourceSchema.shape.metadata.extend({
      deletionTimestamp: z.string().optional(),
      finalizers: z.array(z.string()).default([]),
    }),
  }),
)
/** A namespace has a second list of finalizers. */
const ofNamespace = z.looseObject({
  spec: z.looseObject({ finalizers: z.array(z.string()).default([]) }),
  status: z.looseObject({ conditions: z.array(condition).default([]) }),
})

/** Reads those of `resources` that still exist. A kind that is gone has no resources. */
export async function readRemaining(resources: readonly Resource[]): Promise<Remaining[]> {
  if (resources.length === 0) return []
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: resources })
  const args = ['get', '-f', '-', '--ignore-not-found', '-o', 'json']
  try {
    const read = (await kubectlJsonIfAny(found, args, { input })) ?? []
    return read.map((resource) => {
      const { deletionTimestamp, finalizers } = resource.metadata
      const more = resource.kind === 'Namespace' ? ofNamespace.parse(resource) : undefined
      return {
        resource,
        isDeleting: deletionTimestamp !== undefined,
        finalizers: [...finalizers, ...(more?.spec.finalizers ?? [])],
        conditions: (more?.status.conditions ?? [])
          .filter(({ status }) => status === 'True')
          .map(({ message }) => message),
      }
    })
  } catch (error) {
    const missing = listMissingKinds(error)
    if (missing.length === 0) throw error
    return readRemaining(resources.filter(({ kind }) => !missing.includes(kind)))
  }
}
