// What a rule found, and where in the resource: the place is what file and line are made of.
import type { z } from 'zod'
import type { Resource } from '../kube/resources.ts'

export type Path = readonly (string | number)[]

export type Finding = {
  /** Nothing if what is wrong is that there is no such resource. */
  resource?: Resource
  /** The API group of a resource that is missing. */
  group?: string
  /** The place in the resource; for something that is missing, the place that should have it. */
  path: Path
  message: string
}

/** A resource that has not the shape that its kind has: a finding of its own, whichever rule comes across it. */
export class UnreadableError extends Error {
  readonly finding: Finding

  constructor(finding: Finding) {
    super(finding.message)
    this.name = 'UnreadableError'
    this.finding = finding
  }
}

/** What is at `path` in `value`; undefined if it leads nowhere. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (found, part) =>
      typeof found === 'object' && found !== null
        ? (found as Record<string | number, unknown>)[part]
        : undefined,
    value,
  )
}

/** Reads what is at `path` in `resource` by `schema`. Throws UnreadableError. */
export function readAt<T>(schema: z.ZodType<T>, resource: Resource, path: Path = ['spec']): T {
  const result = schema.safeParse(valueAt(resource, path))
  if (result.success) return result.data
  const [issue] = result.error.issues
  const rest = issue?.path.map((part) => (typeof part === 'symbol' ? String(part) : part)) ?? []
  throw new UnreadableError({
    resource,
    path: [...path, ...rest],
    message: issue?.message ?? 'unreadable',
  })
}

/** Every place under `value` whose key `wanted` accepts. */
export function findKeys(value: unknown, path: Path, wanted: (key: string) => boolean): Path[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key]
    return [...(wanted(key) ? [here] : []), ...findKeys(inner, here, wanted)]
  })
}
