// The platform of the images: in their tags, in the builder's call, and in what make deploy chooses for the nodes.
import { describe, expect, test, vi } from 'vitest'
import { choosePlatform, findNodePlatform } from '../../../tools/deploy/preflight/node-platform.ts'
import { computeImageReferences } from '../../../tools/images/image-references.ts'
import { machinePlatform, parsePlatform, parsePlatforms } from '../../../tools/images/platform.ts'
import { makePrograms } from '../../support/folder.ts'

const other = machinePlatform === 'linux/arm64' ? 'linux/amd64' : 'linux/arm64'
const architectureOf = (platform: string) => platform.replace('linux/', '')

/** Returns the result and what was printed. */
async function record<T>(body: () => T | Promise<T>) {
  const printed: string[] = []
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.push(String(text))
    return true
  })
  try {
    return { result: await body(), printed: printed.join('') }
  } finally {
    write.mockRestore()
  }
}

test('images of two platforms have other tags, and the same sources the same one', async () => {
  const tags = (platform?: string) =>
    computeImageReferences({ platform }).then((all) => all.map(({ tag }) => tag))
  expect(await tags(other)).not.toEqual(await tags(machinePlatform))
  expect(await tags()).toEqual(await tags(machinePlatform))
})

test.each(['linux/amd64', 'linux/arm64', 'linux/arm64/v8'])('%s is a platform', (platform) => {
  expect(parsePlatform(platform)).toBe(platform)
})

test.each(['arm64', 'windows/amd64'])('%s is refused', (given) => {
  expect(() => parsePlatform(given)).toThrow(`TARGET_PLATFORM=${given} is not a platform`)
})

test('several platforms are one, in any order, and only where several are built', async () => {
  const several = 'linux/arm64,linux/amd64'
  expect(parsePlatforms(several)).toEqual(['linux/amd64', 'linux/arm64'])
  expect(() => parsePlatform(several)).toThrow('names several platforms')
  expect(() => parsePlatforms('linux/amd64,arm64')).toThrow('is not a platform')
  expect(parsePlatforms()).toEqual([])
})

describe('make deploy chooses', () => {
  test.each([
    ["the nodes' platform", undefined, [other, other, ''], other, undefined, 'unlike this machine'],
    [
      "this machine's, with such nodes",
      undefined,
      [machinePlatform],
      machinePlatform,
      undefined,
      '',
    ],
    [
      "this machine's among several, for nodes that have it",
      undefined,
      [other, machinePlatform],
      machinePlatform,
      architectureOf(machinePlatform),
      'the Pods select nodes with kubernetes.io/arch',
    ],
    [
      'the given one among several',
      other,
      [other, machinePlatform],
      other,
      architectureOf(other),
      'the Pods select nodes with kubernetes.io/arch',
    ],
    ['the given one', other, [other], other, undefined, ''],
    [
      'the given one without such a node, and says so',
      other,
      [machinePlatform],
      other,
      architectureOf(other),
      `but the nodes have ${machinePlatform}`,
    ],
    ['by Linux nodes alone', undefined, ['windows/amd64', other], other, undefined, 'unlike'],
    [
      'all given ones, for any node',
      'linux/amd64,linux/arm64',
      ['linux/arm64', 'linux/amd64'],
      'linux/amd64,linux/arm64',
      undefined,
      '',
    ],
    [
      'all given ones, and says which nodes have none of them',
      'linux/amd64,linux/arm64',
      ['linux/arm64', 'linux/s390x'],
      'linux/amd64,linux/arm64',
      undefined,
      'but some nodes have linux/s390x',
    ],
    ["this machine's without nodes", undefined, [''], machinePlatform, undefined, ''],
  ])('%s', async (_, wanted, nodes, platform, architecture, says) => {
    const { result, printed } = await record(() => choosePlatform(wanted, nodes))
    expect(result).toEqual({ platform, architecture })
    if (says === '') expect(printed).toBe('')
    else expect(printed).toContain(says)
  })

  test("this machine's if it may not list nodes, and says so", async () => {
    const bin = await makePrograms({ kubectl: 'echo "nodes is forbidden" >&2; exit 1' })
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
    const { result, printed } = await record(() => findNodePlatform(undefined))
    vi.unstubAllEnvs()
    expect(result).toEqual({ platform: machinePlatform, architecture: undefined })
    expect(printed).toContain('TARGET_PLATFORM sets another platform: nodes is forbidden')
  })
})
