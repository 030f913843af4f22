// What a component leaves for its user to fill in, as FILL_IN_… wherever it belongs.
import { UserError } from '../../cli/terminal.ts'

const placeholder = /FILL_IN_[A-Z_]+/

export type Placeholder = { name: string; path: (string | number)[] }

/** Every text under `value` that is still to be filled in, and where it is. */
export function findPlaceholders(value: unknown, path: Placeholder['path'] = []): Placeholder[] {
  if (typeof value === 'string') {
    const [name] = placeholder.exec(value) ?? []
    return name === undefined ? [] : [{ name, path }]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    findPlaceholders(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

/** Throws UserError, naming what is not filled in anywhere in `resources`. */
export function requireFilledIn(resources: readonly unknown[]): void {
  const names = findPlaceholders(resources).map(({ name }) => name)
  if (names.length === 0) return
  throw new UserError(
    `not filled in: ${[...new Set(names)].join(', ')}`,
    "say it in the component's folder under k8s/components: its kustomization.yaml says in which file",
  )
}
