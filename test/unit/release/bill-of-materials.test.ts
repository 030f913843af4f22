// The bill of materials of an image, also if its base has no record of its contents.
import { expect, test } from 'vitest'
import { describeImage } from '../../../tools/release/bill-of-materials.ts'
import type { ImageContents } from '../../../tools/release/image-contents.ts'

const node = { version: '24.0.0', sha256: 'a'.repeat(64), architecture: 'amd64' }
const libc = { name: 'libc6', version: '2.36-9+deb12u14', architecture: 'amd64', source: 'glibc' }

function describeWith(contents: ImageContents) {
  const base = `registry.example/node@sha256:${'b'.repeat(64)}`
  const repository = 'registry.example/team/signer'
  const digest = `sha256:${'c'.repeat(64)}`
  return describeImage({ repository, digest, base, packages: [], contents })
}

test.each([
  { packages: [], distribution: undefined, node: undefined },
  { packages: [], distribution: 'debian-12', node },
  { packages: [libc], distribution: 'debian-12', node: undefined },
])('lists the base by digest, with unknown contents: $distribution', (contents) => {
  const { components, compositions } = describeWith(contents)
  const purl = `pkg:oci/node@sha256%3A${'b'.repeat(64)}?repository_url=registry.example/node`
  expect(components[0]).toMatchObject({ type: 'container', purl })
  expect(compositions).toContainEqual({ aggregate: 'unknown', assemblies: [purl] })
})

test('names Debian’s packages as scanners expect', () => {
  const { components, compositions } = describeWith({
    packages: [libc, { ...libc, name: 'libstdc++6', source: 'gcc-12' }],
    distribution: 'debian-12',
    node,
  })
  expect(components.map(({ purl }) => purl)).toEqual(
    expect.arrayContaining([
      'pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64&distro=debian-12&upstream=glibc',
      'pkg:deb/debian/libstdc%2B%2B6@2.36-9%2Bdeb12u14?arch=amd64&distro=debian-12&upstream=gcc-12',
    ]),
  )
  expect(compositions.map(({ aggregate }) => aggregate)).toEqual(['complete', 'complete'])
})
