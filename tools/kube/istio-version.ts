// Which Istio is new enough. Earlier ones have known holes in what the promises rest on, and before 1.28 Envoy had no
// allow-list for its admin port.

export const minimumVersion = '1.30.4'

export type VersionJudgement = 'new enough' | 'too old' | 'unknown'

/**
 * The tag of an image reference, or undefined if it has none ("registry:5000/istio/pilot:1.30.4@sha256:…" →
 * "1.30.4").
 */
export function readImageTag(image: string): string | undefined {
  return /:([^:/@]+)(?:@.*)?$/.exec(image.replace(/@.*$/, ''))?.[1]
}

/** Judges a tag of Istio's images, e.g. "1.30.4", "1.31.0-distroless" or "1.31-<commit>". */
export function judgeVersion(tag: string | undefined): VersionJudgement {
  const found = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?![\d.])/.exec(tag ?? '')
  if (found === null) return 'unknown'
  const [major, minor, patch] = found
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number(part)))
  const [minimumMajor = 0, minimumMinor = 0, minimumPatch = 0] = minimumVersion
    .split('.')
    .map(Number)
  const line = Number(major) - minimumMajor || Number(minor) - minimumMinor
  if (line !== 0) return line > 0 ? 'new enough' : 'too old'
  if (patch === undefined) return 'unknown'
  return patch >= minimumPatch ? 'new enough' : 'too old'
}
