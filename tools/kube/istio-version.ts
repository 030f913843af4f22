// Compares Istio's version with the oldest that is supported. Older versions have known vulnerabilities in features that the
// controls rely on. Before 1.28, Envoy also had no allow-list for its admin port.

export const minimumVersion = '1.30.4'

export type VersionComparison = 'new enough' | 'too old' | 'unknown'

/** Returns the tag of an image: "1.30.4" for "registry:5000/istio/pilot:1.30.4@sha256:…". Returns undefined if it has none. */
export function readImageTag(image: string): string | undefined {
  return /:([^:/@]+)$/.exec(image.replace(/@.*$/, ''))?.[1]
}

/** Compares a tag of Istio's images, for example "1.30.4", "1.31.0-distroless" or "1.31-<commit>". */
export function compareVersion(tag: string | undefined): VersionComparison {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?![\d.])/.exec(tag ?? '') ?? []
  if (major === undefined) return 'unknown'
  const [minimumMajor = 0, minimumMinor = 0, minimumPatch = 0] = minimumVersion
    .split('.')
    .map(Number)
  const difference = Number(major) - minimumMajor || Number(minor) - minimumMinor
  if (difference !== 0) return difference > 0 ? 'new enough' : 'too old'
  if (patch === undefined) return 'unknown'
  return Number(patch) >= minimumPatch ? 'new enough' : 'too old'
}
