// Where an image comes from: an in-toto Statement v1 with SLSA's provenance v1, not signed.
// https://slsa.dev/spec/v1.0/provenance · https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md

/** What docs/supply-chain.md says under "The build" is done; the number grows when that changes. */
const BUILD_TYPE = 'urn:secure-signing:make-release:1'

export type Build = {
  image: { repository: string; digest: string; tag: string }
  /** "<repository>@sha256:…" */
  base: string
  /** In hex. */
  commit: string
  /** SHA-256 of package-lock.json, in hex. */
  lockfile: string
  /** A URI of who vouches for the machine, and the versions of what built there. */
  builder: { id: string; versions: Record<string, string> }
  startedOn: Date
  finishedOn: Date
}

/** Returns the statement, to be written as JSON. */
export function stateProvenance(build: Build) {
  const { image, base, commit, lockfile, builder } = build
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: image.repository, digest: toDigestSet(image.digest) }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { image: `${image.repository}:${image.tag}`, nodeImage: base },
        resolvedDependencies: [
          { name: 'source', digest: { gitCommit: commit } },
          { name: 'package-lock.json', digest: { sha256: lockfile } },
          { name: base.split('@')[0], digest: toDigestSet(base.split('@')[1] ?? '') },
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

/** "sha256:…" → {sha256: "…"} */
function toDigestSet(digest: string): { sha256: string } {
  return { sha256: digest.replace(/^sha256:/, '') }
}

/** in-toto's Timestamp is RFC 3339 in UTC. */
function toSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z')
}
