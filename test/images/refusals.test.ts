// What make images says when a registry or an engine refuses, in the words of real engines. Each message says what to do next.
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { EngineSandbox } from '../support/engines/engine-sandbox.ts'
import {
  describeEngine,
  type Engine,
  type EngineName,
  logIn,
  startSandboxWithEngines,
} from '../support/engines/engines.ts'
import { tryMakeImages } from '../support/engines/make-images.ts'
import { PLAIN, REGISTRY, UNTRUSTED } from '../support/engines/registry.ts'

/** A base for amd64 alone. Its Node.js is the header of a program. */
const BASE = `${REGISTRY}/base/small:1`
const header = Buffer.concat([Buffer.from('7f454c46020101', 'hex'), Buffer.alloc(57)])
header.writeUInt16LE(62, 18)
let sandbox: EngineSandbox
let engines: Record<EngineName, Engine>

beforeAll(async () => {
  ;({ sandbox, engines } = await startSandboxWithEngines())
  const files = join(sandbox.folder, 'small')
  await mkdir(join(files, 'nodejs/bin'), { recursive: true })
  await writeFile(join(files, 'nodejs/bin/node'), header, { mode: 0o755 })
  // The public base has files of such a user.
  await chown(join(files, 'nodejs'), 65_532, 65_532)
  await sandbox.run(['tar', '-cf', join(sandbox.folder, 'small.tar'), '-C', files, '.'])
  await engines.podman.run('import', join(sandbox.folder, 'small.tar'), BASE)
  await engines.podman.run('push', BASE)
}, 600_000)

const to = (registry: string) => ({ IMAGE_PREFIX: `${registry}/team`, PUSH: 'yes' })
const from = (base: string) => ({ NODE_IMAGE: base })
const cases: [title: string, variables: Record<string, string>, says: string, todo: string][] = [
  ['a push to a registry without TLS', to(PLAIN), 'cannot push', `${PLAIN} has no TLS`],
  ['a push to an unknown authority', to(UNTRUSTED), 'x509', `certs.d/${UNTRUSTED}/ca.crt`],
  [
    'a push to a port without a registry',
    to(`${REGISTRY}:5009`),
    'connection refused',
    `reaches ${REGISTRY}:5009`,
  ],
  ['a push to an unknown host', to('nowhere.example'), 'lookup', 'reaches nowhere.example'],
  ['a base image that is not there', from(`${REGISTRY}/base/none:1`), 'cannot', 'Check its name'],
  ['a base image by plain HTTP', from(`${PLAIN}/base/small:1`), 'cannot', 'has no TLS'],
  ['a base image of an unknown host', from('nowhere.example/x:1'), 'lookup', 'A mirror works too'],
  ['a prefix with a scheme', to(`https://${REGISTRY}`), 'invalid', 'without https://'],
]

describe.each(['docker', 'podman'] as const)('%s', (name) => {
  test.each(cases)('%s', async (_, variables, says, todo) => {
    const { code, stderr } = await tryMakeImages(engines[name], { NODE_IMAGE: BASE, ...variables })
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) })
    expect(stderr).toMatch(new RegExp(`^  → .*${RegExp.escape(todo)}`, 'm'))
  })

  test('a push without a login', async () => {
    await engines[name].run('logout', REGISTRY)
    const { code, stderr } = await tryMakeImages(engines[name], {
      ...{ NODE_IMAGE: BASE, ...to(REGISTRY) },
    })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`→ Log in: ${name} login ${REGISTRY}.`),
    })
    await logIn(engines[name])
  })
})

describe('without an engine that works:', () => {
  const another = { uid: 1_001, env: { HOME: '/tmp/another', XDG_RUNTIME_DIR: '/tmp/another' } }
  beforeAll(() =>
    sandbox.run([
      'sh',
      '-euc',
      'useradd --uid 1001 another; mkdir /tmp/another; chown another /tmp/another; sed -i /another/d /etc/subuid /etc/subgid',
    ]),
  )

  test('a Docker whose engine does not run', async () => {
    const env = { DOCKER_HOST: 'unix:///run/nowhere.sock' }
    const docker = await describeEngine(sandbox, 'docker-down', 'docker', { env })
    const { code, stderr } = await tryMakeImages(docker, { NODE_IMAGE: BASE })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('Cannot connect to the Docker daemon'),
    })
    expect(stderr).toContain('→ Start its engine')
  })

  test('a user who may not use Docker', async () => {
    const docker = await describeEngine(sandbox, 'docker-denied', 'docker', another)
    const { code, stderr } = await tryMakeImages(docker, { NODE_IMAGE: BASE })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('permission denied'),
    })
    expect(stderr).toContain('→ Add your user to the group docker')
  })

  test('podman of a user without a range of ids', async () => {
    const podman = await describeEngine(sandbox, 'podman-without-ids', 'podman', another)
    await logIn(podman)
    const { code, stderr } = await tryMakeImages(podman, { NODE_IMAGE: BASE })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('→ Give your user a range of ids'),
    })
  })

  test('a builder that does not exist', async () => {
    const { code, stderr } = await tryMakeImages(
      { ...engines.docker, builder: 'nerdctl' as 'docker' },
      {},
    )
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('→ Give one of docker, podman, buildah.'),
    })
  })
})
