// The provenance of an image: an unsigned in-toto Statement v1 with SLSA's provenance v1.
// https://slsa.dev/spec/v1.0/provenance · https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md

/** Identifies the steps of this build. Increase the number when the steps change. */
const BUILD_TYPE = 'urn:secure-signing:make-release:2'

export type Build = {
  /** `digests`: the index's, then each platform's manifest. */
  image: { repository: string; tag: string; digests: readonly string[] }
  platforms: readonly string[]
  /** The base image, "repository@sha256:…". */
  base: string
  /** The same of each platform, if the base is an index. */
  platformBases: readonly string[]
  commit: string
  /** SHA-256 of package-lock.json, in hexadecimal. */
  lockfile: string
  /** A URI that names the build machine, and the versions of its tools. */
  builder: { id: string; versions: Record<string, string> }
  startedOn: Date
  finishedOn: Date
}

export function stateProvenance(build: Build) {
  const { image, platforms, base, platformBases, commit, lockfile, builder } = build
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: image.digests.map((digest) => ({
      ...{ name: image.repository, digest: toDigestSet(digest) },
    })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          ...{ image: `${image.repository}:${image.tag}`, nodeImage: base, platforms },
        },
        resolvedDependencies: [
          { name: 'source', digest: { gitCommit: commit } },
          { name: 'package-lock.json', digest: { sha256: lockfile } },
          ...[...new Set([base, ...platformBases])].map((each) => ({
            ...{ name: each.split('@')[0], digest: toDigestSet(each.split('@')[1] ?? '') },
          })),
        ],
      },
      runDetails: {
        builder: { id: builder.id, version: builder.versions },
        metadata: {
          startedOn: toSeconds(build.startedOn),
          finishedOn: toSeconds(build.finishedOn),
        },
      },
    },
  }
}

function toDigestSet(digest: string): { sha256: string } {
  return { sha256: digest.replace(/^sha256:/, '') }
}

/** Formats a time as in-toto requires: RFC 3339 in UTC, in whole seconds. */
function toSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z')
}
