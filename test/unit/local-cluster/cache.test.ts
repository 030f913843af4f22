// A cache entry is complete or absent, and is checked before it is used.
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { makeFolder } from '../../support/folder.ts'

let cache: string
let cached: typeof import('../../../tools/local-cluster/programs/cache.ts').cached

beforeEach(async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const home = await makeFolder()
  cache = join(home, 'secure-signing')
  vi.stubEnv('XDG_CACHE_HOME', home)
  vi.resetModules()
  cached = (await import('../../../tools/local-cluster/programs/cache.ts')).cached
})

const write = (content: string) =>
  vi.fn(async (folder: string) => {
    await mkdir(join(folder, 'sub'))
    await writeFile(join(folder, 'sub/file'), content)
  })

test('is built once', async () => {
  const build = write('a')
  const folder = await cached('programs/x-1', build)
  expect(folder).toBe(join(cache, 'programs/x-1'))
  expect(await cached('programs/x-1', build)).toBe(folder)
  expect(build).toHaveBeenCalledTimes(1)
  expect(await readFile(join(folder, 'sub/file'), 'utf8')).toBe('a')
})

test.each([
  ['changed', (folder: string) => writeFile(join(folder, 'sub/file'), 'b')],
  ['added', (folder: string) => writeFile(join(folder, 'more'), '')],
  ['without a checksum', (folder: string) => writeFile(join(folder, 'SHA256SUMS'), '')],
])('is built again if something was %s', async (_, damage) => {
  const folder = await cached('x', write('a'))
  await damage(folder)
  const build = write('a')
  await cached('x', build)
  expect(build).toHaveBeenCalledTimes(1)
  expect(await readFile(join(folder, 'sub/file'), 'utf8')).toBe('a')
})

test('is taken from another process that was faster', async () => {
  const build = async (folder: string) => {
    await write('b')(folder)
    await rename(await cached('other', write('a')), join(cache, 'x'))
  }
  const folder = await cached('x', build)
  expect(await readFile(join(folder, 'sub/file'), 'utf8')).toBe('a')
  expect(await readdir(cache)).toEqual(['x'])
})

test('is absent if its build fails, and leaves nothing behind', async () => {
  const fail = async () => {
    throw new Error('no')
  }
  await expect(cached('x', fail)).rejects.toThrow('no')
  expect(await readdir(cache)).toEqual([])
})

test('removes the files of an interrupted build, but not of a running one', async () => {
  // The kernel's limit for process ids is 2^22. Process 1 always runs.
  for (const pid of ['4194305', '1'])
    await mkdir(join(cache, `x.partial-${pid}`), { recursive: true })
  await cached('x', write('a'))
  expect((await readdir(cache)).sort()).toEqual(['x', 'x.partial-1'])
})
