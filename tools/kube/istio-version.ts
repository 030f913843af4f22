// The oldest Istio that is secure enough. Before 1.28, Envoy has no allow-list for its admin port.
export const minimumVersion = '1.30.4'

export type VersionJudgement = 'new enough' | 'too old' | 'unknown'

/** Returns an image's tag: "registry:5000/istio/pilot:1.30.4@sha256:…" → "1.30.4". */
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
