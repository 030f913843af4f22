// The oldest Node release that is safe: older ones have known vulnerabilities in node:http and the permission model.
const FLOOR = '24.14.1'

/** Returns a problem if `version` (for example `v24.14.1`) is too old or no release, else undefined. */
export function findVersionProblem(version: string): string | undefined {
  const isSafe = `v${FLOOR}`.localeCompare(version, 'en', { numeric: true }) <= 0
  if (isSafe && /^v[\d.]+$/.test(version)) return undefined
  return `Node ${FLOOR} or newer is required, found ${version}`
}
