// The builder's calls of `make images PUSH=yes`, in order. A fake builder records its arguments.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { machinePlatform } from '../../../tools/images/platform.ts'
import { makePrograms } from '../../support/folder.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const program = join(CHECKOUT, 'tools/images/images.ts')

/** Runs `make images` with a script for podman. Returns its calls, one a line, without the build context. */
async function runImages(variables: Record<string, string>, script = '') {
  const bin = await makePrograms({ podman: `echo "$*" >> $LOG\n${script}` })
  const LOG = join(bin, 'log')
  await writeFile(LOG, '')
  const env = { PATH: `${bin}:${process.env.PATH}`, BUILDER: 'podman', LOG, ...variables }
  const { code, stdout, stderr } = await tryRun(process.execPath, [program], { env })
  const calls = (await readFile(LOG, 'utf8')).trimEnd().replace(/ (--timestamp \d+|--file .*)/g, '')
  return { code, stdout, stderr, calls: calls.split('\n') }
}

const IMAGE_PREFIX = 'registry.example/team'

test('builds both images, then pushes both', async () => {
  const { code, stdout, calls } = await runImages({ IMAGE_PREFIX, PUSH: 'yes' })
  expect(code).toBe(0)
  const references = stdout.trimEnd().split('\n')
  expect(references).toHaveLength(2)
  for (const each of references) expect(each).toMatch(/^registry.example\/team\/(frontend|signer):/)
  expect(calls).toEqual([
    'info',
    ...references.map((each) => `build --platform ${machinePlatform} --tag ${each}`),
    expect.stringMatching(/^image inspect .* gcr.io/),
    ...references.map((each) => `push ${each}`),
  ])
})

test('builds for the given platform, with another tag', async () => {
  const platform = process.arch === 'arm64' ? 'linux/amd64' : 'linux/arm64'
  const { code, stdout, calls } = await runImages({ IMAGE_PREFIX, TARGET_PLATFORM: platform })
  expect(code).toBe(0)
  const references = stdout.trimEnd().split('\n')
  expect(calls.filter((line) => line.startsWith('build'))).toEqual(
    references.map((each) => `build --platform ${platform} --tag ${each}`),
  )
  const { stdout: ownReferences } = await runImages({ IMAGE_PREFIX })
  expect(references).not.toContain(ownReferences.split('\n')[0])
})

test('pushes nothing without PUSH, and prints how to push', async () => {
  const { code, stderr, calls } = await runImages({ IMAGE_PREFIX })
  expect(code).toBe(0)
  expect(calls.filter((line) => line.startsWith('push'))).toEqual([])
  expect(stderr).toContain(
    `\`make deploy IMAGE_PREFIX=${IMAGE_PREFIX}\`, or build them with PUSH=yes`,
  )
})

test('fails with the builder’s error if it cannot push', async () => {
  const failing = 'if [ "$1" = push ]; then echo "unauthorized" >&2; exit 1; fi'
  const { code, stderr } = await runImages({ IMAGE_PREFIX, PUSH: 'yes' }, failing)
  expect(code).toBe(1)
  expect(stderr).toContain('unauthorized')
})

test.each([{}, { IMAGE_PREFIX: 'localhost/secure-signing' }])(
  'builds nothing without a registry: %o',
  async (variables) => {
    const { code, stderr, calls } = await runImages({ ...variables, PUSH: 'yes' })
    expect([code, calls]).toEqual([1, ['']])
    expect(stderr).toContain('→ Run `make images IMAGE_PREFIX=registry.example/team PUSH=yes`.')
  },
)
