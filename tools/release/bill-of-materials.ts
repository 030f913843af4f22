// The bill of materials of an image for one platform, CycloneDX 1.6: the bundled packages, Node.js, and the packages of the base
// image. It has no time and no serial number, so that the same image has the same bill of materials.
import type { BundledPackage } from '../images/bundled-packages.ts'
import type { DebianPackage, ImageContents } from './image-contents.ts'

export type ReleasedImage = {
  /** Prefix and name, without a tag. */
  repository: string
  /** Of the manifest for this platform. */
  digest: string
  /** The base image, "repository@sha256:…". */
  base: string
  packages: readonly BundledPackage[]
  contents: ImageContents
}

/** Returns the document. `compositions` says whether the packages of the base image are known. */
export function describeImage({ repository, digest, base, packages, contents }: ReleasedImage) {
  const image = describeContainer(repository, digest)
  const [baseRepository = '', baseDigest = ''] = base.split('@')
  const baseImage = describeContainer(baseRepository, baseDigest)
  const bundled = packages.map(describeBundled)
  const inBase = [
    ...(contents.node ? [describeNode(contents.node)] : []),
    ...contents.packages.map((each) => describeDebian(each, contents.distribution)),
  ]
  const isKnown = contents.node !== undefined && contents.packages.length > 0
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: image },
    components: [baseImage, ...bundled, ...inBase],
    dependencies: [
      { ref: image['bom-ref'], dependsOn: [baseImage, ...bundled].map(refOf) },
      { ref: baseImage['bom-ref'], dependsOn: inBase.map(refOf) },
    ],
    compositions: [
      { aggregate: 'complete', assemblies: [image['bom-ref']] },
      { aggregate: isKnown ? 'complete' : 'unknown', assemblies: [baseImage['bom-ref']] },
    ],
  }
}

function refOf(component: { 'bom-ref': string }): string {
  return component['bom-ref']
}

/** A purl of type "oci" has the last part of the repository as its name, and the repository as a qualifier. */
function describeContainer(repository: string, digest: string) {
  const name = repository.slice(repository.lastIndexOf('/') + 1).toLowerCase()
  const purl = `pkg:oci/${name}@${encodeURIComponent(digest)}?repository_url=${encodeURI(repository)}`
  return { type: 'container', 'bom-ref': purl, name: repository, version: digest, purl }
}

function describeBundled({ name, version, integrity, licence }: BundledPackage) {
  const [scope, rest] = name.startsWith('@') ? name.split('/', 2) : [undefined, name]
  const purl = `pkg:npm/${scope ? `${encodeURIComponent(scope)}/` : ''}${rest}@${version}`
  // Subresource integrity: "sha512-" and base64. A test checks that the lockfile has no other hash.
  const content = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex')
  return {
    type: 'library',
    'bom-ref': purl,
    ...(scope ? { group: scope } : {}),
    name: rest,
    version,
    hashes: [{ alg: 'SHA-512', content }],
    licenses: [{ license: { id: licence } }],
    purl,
  }
}

function describeNode({ version, sha256 }: NonNullable<ImageContents['node']>) {
  const purl = `pkg:generic/node@${version}`
  return {
    type: 'application',
    'bom-ref': purl,
    name: 'node',
    version,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    licenses: [{ license: { id: 'MIT' } }],
    // Vulnerability databases use this name for Node.js.
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl,
  }
}

function describeDebian(each: DebianPackage, distribution: string | undefined) {
  const { name, version, architecture, source } = each
  const qualifiers = new URLSearchParams({
    arch: architecture,
    ...(distribution ? { distro: distribution } : {}),
    ...(source === name ? {} : { upstream: source }),
  })
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${qualifiers}`
  return { type: 'library', 'bom-ref': purl, name, version, purl }
}
