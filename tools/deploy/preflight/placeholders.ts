// Finds values that a component leaves for its user to fill in. They contain FILL_IN_ and a name.
import { UserError } from '../../cli/terminal.ts'

const placeholder = /FILL_IN_[A-Z_]+/

export type Placeholder = { name: string; path: (string | number)[] }

/** Returns each text in `value` with a placeholder, and its path. */
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

/** Throws UserError with the names of the placeholders in `resources`. */
export function checkPlaceholders(resources: readonly unknown[]): void {
  const names = findPlaceholders(resources).map(({ name }) => name)
  if (names.length === 0) return
  throw new UserError(
    `not filled in: ${[...new Set(names)].join(', ')}`,
    "Fill in the value in the component's folder under k8s/components. Its kustomization.yaml names the file.",
  )
}
