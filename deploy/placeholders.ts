// What a component leaves for its user to fill in, as FILL_IN_… wherever it belongs.

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
