// make images with the engines that users have: Docker with BuildKit, and podman, also without root. They are real, from
// Debian's packages, and push to a real registry. What was pushed is pulled by digest, and signs.
import { createHmac } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { AMD64_BASE, BASE, pushBases } from '../support/engines/base-image.ts'
import type { EngineSandbox } from '../support/engines/engine-sandbox.ts'
import {
  type Engine,
  type EngineName,
  engineNames,
  startSandboxWithEngines,
} from '../support/engines/engines.ts'
import { makeImages, tryMakeImages } from '../support/engines/make-images.ts'
import { listPushed, REGISTRY, readPushed } from '../support/engines/registry.ts'
import { signInContainers } from '../support/engines/run-pair.ts'

const message = 'hello'
const services = ['frontend', 'signer'] as const
let sandbox: EngineSandbox
let engines: Record<EngineName, Engine>

beforeAll(async () => {
  ;({ sandbox, engines } = await startSandboxWithEngines())
  await pushBases(engines.podman)
}, 600_000)

/** Who pulls what each engine pushed. */
const pullers: Record<EngineName, EngineName> = {
  docker: 'podman',
  'docker-containerd': 'podman-rootless',
  podman: 'docker',
  'podman-rootless': 'docker-containerd',
}

/** The variables of a user who pushes to a path of the registry. */
const to = (path: string) => ({
  IMAGE_PREFIX: `${REGISTRY}/${path}`,
  NODE_IMAGE: BASE,
  PUSH: 'yes',
})

describe.each(engineNames)('%s', (name) => {
  test('builds for arm64, then for this machine, and each tag has its own platform', async () => {
    const engine = engines[name]
    const arm64 = await makeImages(engine, { ...to(name), TARGET_PLATFORM: 'linux/arm64' })
    const own = await makeImages(engine, to(name))
    for (const service of services) {
      const tags = [arm64[service], own[service]]
      const images = await Promise.all(tags.map((tag) => readPushed(sandbox, name, service, tag)))
      expect(images.map(({ config }) => config.architecture)).toEqual(['arm64', 'amd64'])
      for (const { config } of images) expect(config.created).toBe('1970-01-01T00:00:00Z')
    }
  })

  test(`pushes what ${pullers[name]} pulls by digest, and it signs`, async () => {
    const puller = engines[pullers[name]]
    const tags = await makeImages(engines[name], to(name))
    const pull = async (service: (typeof services)[number]) => {
      const { digest } = await readPushed(sandbox, name, service, tags[service])
      const reference = `${REGISTRY}/${name}/${service}@${digest}`
      await puller.run('pull', reference)
      return reference
    }
    const images = { frontend: await pull('frontend'), signer: await pull('signer') }
    const { key, answer } = await signInContainers(sandbox, puller, images, message)
    const signature = createHmac('sha256', key).update(message.toUpperCase()).digest('hex')
    expect(answer).toMatchObject({ signature })
  })

  test('builds the same digests again, from nothing', async () => {
    await engines[name].run('system', 'prune', '--all', '--force')
    const tags = await makeImages(engines[name], to(`${name}-again`))
    for (const service of services) {
      const first = await readPushed(sandbox, name, service, tags[service])
      const again = await readPushed(sandbox, `${name}-again`, service, tags[service])
      expect(again.digest).toBe(first.digest)
    }
  })

  test('pushes nothing for arm64 from a base for amd64', async () => {
    const settings = { ...to(`${name}-wrong`), NODE_IMAGE: AMD64_BASE }
    const wrong = { ...settings, TARGET_PLATFORM: 'linux/arm64' }
    const { code, stderr } = await tryMakeImages(engines[name], wrong)
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`${AMD64_BASE} is for linux/amd64`),
    })
    expect(stderr).toContain('→ Let NODE_IMAGE name an image of this platform')
    const pushed = await listPushed(sandbox)
    expect(pushed).toContain('base')
    expect(pushed).not.toContain(`${name}-wrong`)
  })
})
