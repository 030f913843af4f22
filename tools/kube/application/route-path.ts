// The paths of routes in signing.yaml: exact ones, and prefixes that end with /*.

/** Returns `/orders/` of `/orders/*`, and nothing of an exact path. */
export function readPrefix(path: string): string | undefined {
  return path.endsWith('/*') ? path.slice(0, -1) : undefined
}

/** Returns true if a route with the path `declared` lets `path` through. */
export function coversPath(declared: string, path: string): boolean {
  const prefix = readPrefix(declared)
  return prefix === undefined ? path === declared : path.startsWith(prefix)
}
