// Applies the JSON patches with which our components change an admission policy. It is the part of RFC 6902 that they use.
import { z } from 'zod'
import type { Resource } from '../../kube/resources.ts'
import { valueAt } from '../finding.ts'

export const operations = z.array(
  z.strictObject({
    op: z.enum(['test', 'add', 'replace']),
    path: z.string().startsWith('/'),
    value: z.unknown(),
  }),
)

/** Returns a changed copy. Throws if a test fails, as kustomize does. */
export function applyPatch(resource: Resource, patch: z.infer<typeof operations>): Resource {
  const changed = structuredClone(resource)
  for (const { op, path, value } of patch) {
    const keys = path.split('/').slice(1)
    const parent = valueAt(changed, keys.slice(0, -1))
    const key = keys.at(-1) ?? ''
    if (op === 'test') {
      if (valueAt(parent, [key]) !== value) throw new Error(`${path} is not ${value}`)
    } else if (op === 'add' && Array.isArray(parent)) {
      parent.splice(key === '-' ? parent.length : Number(key), 0, value)
    } else Object.assign(Object(parent), { [key]: value })
  }
  return changed
}
