// make release for amd64 and arm64: one index for each image, from a base that is an index in a registry. The image for arm64 is
// one, and its signer signs.
import { createHmac, hash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type RunResult, run, tryRun } from '../../tools/cli/exec.ts'
import { fetchArm64Nodejs, fetchNodejs } from '../../tools/local-cluster/images/nodejs.ts'
import { buildRootFileSystems } from '../../tools/local-cluster/images/root-file-systems.ts'
import { readLayout } from '../../tools/release/oci-layout.ts'
import { copyCheckout } from '../support/api-server/checkout.ts'
import { makeFolder } from '../support/folder.ts'
import { startEmulatedSigner } from '../support/release/emulated-signer.ts'
import { startImageRegistry } from '../support/release/image-registry.ts'
import { provideBuildahWithIndex } from '../support/release/node-buildah.ts'
import { buildRegistryTools, type RegistryTools } from '../support/release/registry-tools.ts'
import { bill, findSchemaErrors, statement } from '../support/release/release-formats.ts'
import { countMachines, unpackLayers } from '../support/release/unpacked.ts'
import { askToSign } from '../support/services/services.ts'

const architectures = ['amd64', 'arm64']
const startMs = 60_000
let folder = ''
let checkout = ''
let host = ''
let prefix = ''
let base = ''
let tools: RegistryTools
let first: RunResult

function release(out: string, env: Record<string, string> = {}): Promise<RunResult> {
  const settings = { BUILDER: 'buildah', IMAGE_PREFIX: prefix, NODE_IMAGE: base }
  return tryRun('node', [join(checkout, 'tools/release/release.ts')], {
    env: {
      ...{ PATH: `${folder}/bin:${process.env.PATH}`, OUT: join(folder, out) },
      ...settings,
      ...env,
    },
  })
}

const read = (name: string) => readFile(join(folder, 'first', name), 'utf8')
const layout = (out: string) => join(folder, out, 'images')
const skopeo = (...args: string[]) => {
  const [command = '', ...words] = tools.command('skopeo')
  return run(command, [...words, '--policy', tools.path('etc/containers/policy.json'), ...args])
}

beforeAll(async () => {
  folder = await makeFolder()
  checkout = join(folder, 'checkout')
  tools = await buildRegistryTools()
  host = await startImageRegistry(tools, join(folder, 'registry'))
  prefix = `${host}/team`
  const { nodeRoot } = await buildRootFileSystems()
  base = await provideBuildahWithIndex(folder, nodeRoot, host)
  await copyCheckout(checkout)
  first = await release('first')
}, 300_000)

test('prints both indexes with their digests, which are the same in a second build', async () => {
  expect(first).toMatchObject({ code: 0 })
  const line = (name: string) => `${prefix}/${name}@sha256:[0-9a-f]{64}\n`
  expect(first.stdout).toMatch(new RegExp(`^${line('frontend')}${line('signer')}$`))
  await rm(join(folder, 'blobs'), { recursive: true })
  await mkdir(join(folder, 'blobs'))
  expect(await release('second')).toMatchObject({ code: 0, stdout: first.stdout })
})

describe.each(['frontend', 'signer'])('the release of the %s', (name) => {
  test('has an index with both platforms, whose image for each consists of its programs alone', async () => {
    const { images } = await readLayout(layout('first'), name)
    expect(images.map(({ platform }) => platform)).toEqual(
      architectures.map((architecture) => expect.objectContaining({ architecture, os: 'linux' })),
    )
    for (const { platform, layers } of images) {
      const machines = await countMachines(await unpackLayers(layers))
      expect(Object.keys(machines)).toEqual([platform.architecture])
      expect(machines[platform.architecture]).toBeGreaterThan(10)
    }
  })

  test('has the same code on both platforms', async () => {
    const { images } = await readLayout(layout('first'), name)
    const [amd64, arm64] = images.map(({ layers }) => layers.at(-1))
    expect(amd64).toBe(arm64)
    expect(amd64).toBeDefined()
  })

  test.each(architectures)('lists the packages and Node.js for %s', async (architecture) => {
    const text = await read(`${name}-${architecture}.cdx.json`)
    expect(await findSchemaErrors(text)).toBeNull()
    const { components } = bill.parse(JSON.parse(text))
    const purls = components.map(({ purl }) => purl).filter((purl) => purl.includes('pkg:deb/'))
    expect(purls.length).toBeGreaterThan(8)
    for (const purl of purls) expect(purl).toMatch(new RegExp(`arch=(${architecture}|all)&`))
    const nodejs = architecture === 'arm64' ? await fetchArm64Nodejs() : await fetchNodejs()
    const content = hash('sha256', await readFile(join(nodejs.folder, 'node')))
    const node = components.find((each) => each.name === 'node')
    expect(node?.hashes).toEqual([{ alg: 'SHA-256', content }])
    const { images } = await readLayout(layout('first'), name)
    const own = images.find(({ platform }) => platform.architecture === architecture)
    expect(JSON.parse(text).metadata.component.version).toBe(own?.digest)
  })

  test('has a provenance of the index and of each platform', async () => {
    const { digest, images } = await readLayout(layout('first'), name)
    const { subject, predicate } = statement.parse(JSON.parse(await read(`${name}.intoto.json`)))
    expect(first.stdout).toContain(`/${name}@${digest}\n`)
    expect(subject).toEqual(
      [digest, ...images.map((each) => each.digest)].map((each) => ({
        name: `${prefix}/${name}`,
        digest: { sha256: each.replace('sha256:', '') },
      })),
    )
    const { resolvedDependencies } = predicate.buildDefinition
    expect(resolvedDependencies.filter((each) => each.name === base.split('@')[0])).toHaveLength(3)
    const { platforms } = predicate.buildDefinition.externalParameters
    expect(platforms).toEqual(['linux/amd64', 'linux/arm64'])
  })

  test('keeps its digest when skopeo pushes it as docs/hardening.md says', async () => {
    const { digest, images } = await readLayout(layout('first'), name)
    const target = `docker://${prefix}/${name}`
    const options = ['--all', '--preserve-digests', '--dest-tls-verify=false']
    await skopeo('copy', ...options, `oci:${layout('first')}:${name}`, `${target}:tag`)
    const inspect = (at: string) => skopeo('inspect', '--tls-verify=false', '--raw', at)
    const raw = await inspect(`${target}@${digest}`)
    expect(`sha256:${hash('sha256', raw)}`).toBe(digest)
    for (const each of images) {
      const manifest = await inspect(`${target}@${each.digest}`)
      expect(`sha256:${hash('sha256', manifest)}`).toBe(each.digest)
    }
  })
})

test(
  'the signer for arm64 starts and signs, in emulation',
  async () => {
    const { images } = await readLayout(layout('first'), 'signer')
    const arm64 = images.find(({ platform }) => platform.architecture === 'arm64')
    const root = await unpackLayers(arm64?.layers ?? [])
    const key = randomBytes(32).toString('hex')
    const started = await startEmulatedSigner(root, tools, { 'key-1': key })
    await expect.poll(started.output, { timeout: startMs }).toContain('"event":"listening"')
    const { status, body } = await askToSign(started.socket, started.pairingDir, 'hello')
    const expected = createHmac('sha256', key).update('hello').digest('hex')
    expect([status, body.signature]).toEqual([200, expected])
  },
  startMs + 20_000,
)

test('refuses a base for amd64 alone, also when only arm64 is wanted, and names what is of another platform', async () => {
  const raw = await skopeo('inspect', '--tls-verify=false', '--raw', `docker://${base}`)
  const [amd64] = JSON.parse(raw).manifests
  const only = `${host}/nodejs@${amd64.digest}`
  const { code, stderr } = await release('refused', { NODE_IMAGE: only })
  expect(code).toBe(1)
  expect(stderr).toContain(`${only} is no image index with linux/amd64 and linux/arm64`)
  const wrong = await release('wrong', { NODE_IMAGE: only, TARGET_PLATFORM: 'linux/arm64' })
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toContain('the base image is not for linux/arm64: Node.js is for amd64')
  expect(await release('one', { NODE_IMAGE: only, TARGET_PLATFORM: 'linux/amd64' })).toMatchObject({
    code: 0,
  })
})
