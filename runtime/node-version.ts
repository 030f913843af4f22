// A floor for security, not for features: older releases have known holes in node:http and the permission model.
const FLOOR = [24, 14, 1] as const

/** Returns what is wrong with `version` (e.g. `v24.14.1`), or undefined if it is the floor or newer. */
export function findVersionProblem(version: string): string | undefined {
  const parts = version.replace(/^v/, '').split('.').map(Number)
  for (const [index, least] of FLOOR.entries()) {
    const part = parts[index] ?? 0
    if (part > least) return undefined
    // NaN, as of a release candidate, is no number that one could trust.
    if (!(part === least)) return `Node ${FLOOR.join('.')} or newer is needed, this is ${version}`
  }
  return undefined
}
