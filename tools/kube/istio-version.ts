// Which versions of Istio have what the controls need. docs/support.md has the same table.

/** One minor version: the first patch with all fixes that the controls need, and why no earlier one. */
export type IstioLine = Readonly<{ minor: number; patch: number; why: string }>

/** From old to new. An older line is refused, and a newer one is accepted. */
export const lines: readonly IstioLine[] = [
  {
    minor: 28,
    patch: 9,
    why: "it lacks Envoy's fixes of June 2026 for checks of names in certificates (ISTIO-SECURITY-2026-005)",
  },
  {
    minor: 29,
    patch: 7,
    why: "it lacks Envoy's fixes of August 2026 for HTTP/2 and RBAC (ISTIO-SECURITY-2026-006)",
  },
  {
    minor: 30,
    patch: 4,
    why: "it lacks Envoy's fixes of August 2026 for HTTP/2 and RBAC (ISTIO-SECURITY-2026-006)",
  },
  { minor: 31, patch: 0, why: 'not among the versions that ISTIO-SECURITY-2026-006 names' },
]

const [oldest = { minor: 28, patch: 0, why: '' }] = lines
const major = 1

/** The oldest accepted version, e.g. "1.28.9". */
export const minimumVersion = `${major}.${oldest.minor}.${oldest.patch}`

/** Why no line before the oldest works. */
export const olderLines =
  "Envoy before 1.36 does not know the allow-list of the admin port, so the Pod's proxy does not start"

export type VersionJudgment =
  | { verdict: 'new enough' | 'unknown' }
  /** `needed` is the version to upgrade to, and `why` says what is missing. */
  | { verdict: 'too old'; needed: string; why: string }

type Version = { major: number; minor: number; patch: number | undefined }

/** Returns the tag of an image: "1.30.4" for "registry:5000/istio/pilot:1.30.4@sha256:…". Returns undefined if it has none. */
export function readImageTag(image: string): string | undefined {
  return /:([^:/@]+)$/.exec(image.replace(/@.*$/, ''))?.[1]
}

/**
 * Parses a version, a tag or a revision: "1.30.4", "v1.30.4-distroless", "1.31-<commit>", "1.30.4-asm.2", "asm-1-30" or "1-30-4".
 * Returns undefined for any other text.
 */
export function parseVersion(text: string): Version | undefined {
  const dotted = /^(?:[a-z]+-)*v?(\d)\.(\d+)(?:\.(\d+))?(?![\d.])/.exec(text)
  const [, majorText, minor, patch] =
    dotted ?? /^(?:[a-z]+-)*(\d)-(\d+)(?:-(\d+))?$/.exec(text) ?? []
  if (majorText === undefined || minor === undefined) return undefined
  return {
    major: Number(majorText),
    minor: Number(minor),
    patch: patch === undefined ? undefined : Number(patch),
  }
}

/** Judges the first of `texts` that names a version. If it names no patch, another text of the same minor version can. */
export function judgeVersion(texts: readonly string[]): VersionJudgment {
  const versions = texts.map(parseVersion).filter((each) => each !== undefined)
  const [first] = versions
  if (first === undefined) return { verdict: 'unknown' }
  const version =
    versions.find(
      (each) =>
        each.patch !== undefined && each.major === first.major && each.minor === first.minor,
    ) ?? first
  if (version.major !== major) {
    return version.major > major ? { verdict: 'new enough' } : tooOld(oldest, olderLines)
  }
  if (version.minor < oldest.minor) return tooOld(oldest, olderLines)
  const line = lines.find(({ minor }) => minor === version.minor)
  if (line === undefined || line.patch === 0) return { verdict: 'new enough' }
  if (version.patch === undefined) return { verdict: 'unknown' }
  return version.patch >= line.patch ? { verdict: 'new enough' } : tooOld(line, line.why)
}

function tooOld({ minor, patch }: IstioLine, why: string): VersionJudgment {
  return { verdict: 'too old', needed: `${major}.${minor}.${patch}`, why }
}
