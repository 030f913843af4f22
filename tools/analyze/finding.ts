// What a rule found, and at which path in the resource. File and line are found by this path.
import type { z } from 'zod'
import type { Resource } from '../kube/resources.ts'

export type Path = readonly (string | number)[]

export type Finding = {
  /** Undefined if the resource is missing. */
  resource?: Resource
  /** The API group of a resource that is missing. */
  group?: string
  /** The path in the resource. For a missing field, the path that it should have. */
  path: Path
  message: string
}

/** A resource that does not have the shape of its kind. It is one finding, however many rules read it. */
export class UnreadableError extends Error {
  readonly finding: Finding

  constructor(finding: Finding) {
    super(finding.message)
    this.name = 'UnreadableError'
    this.finding = finding
  }
}

/** Returns what is at `path` in `value`, or undefined. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (found, part) =>
      typeof found === 'object' && found !== null
        ? (found as Record<string | number, unknown>)[part]
        : undefined,
    value,
  )
}

/** Returns the items of a list as objects, and none of anything else. */
export function itemsOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map((each) => Object(each)) : []
}

/** Parses what is at `path` in `resource` by `schema`. Throws UnreadableError. */
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

/** Returns every path under `value` whose last key `wanted` accepts. */
export function findKeys(value: unknown, path: Path, wanted: (key: string) => boolean): Path[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key]
    return [...(wanted(key) ? [here] : []), ...findKeys(inner, here, wanted)]
  })
}

/** E.g. "spec.rules[0].to". A key with dots stands in brackets. */
export function formatPath(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' || part.includes('.') ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '')
}
