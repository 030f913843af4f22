// The oldest Node release that is safe: older ones have known vulnerabilities in node:http and the permission model.
const FLOOR = [24, 14, 1] as const

/** Returns a problem if `version` (for example `v24.14.1`) is too old, else undefined. */
export function findVersionProblem(version: string): string | undefined {
  const parts = version.replace(/^v/, '').split('.').map(Number)
  for (const [index, least] of FLOOR.entries()) {
    const part = parts[index] ?? 0
    if (part > least) return undefined
    // A release candidate gives NaN and is refused.
    if (!(part === least)) return `Node ${FLOOR.join('.')} or newer is required, found ${version}`
  }
  return undefined
}
