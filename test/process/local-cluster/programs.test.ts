// A set of Go programs is compiled in one run, and only if the cache lacks it. A program in place of Go writes down how it is called.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { type Recipe, recipes } from '../../../tools/local-cluster/programs/program-recipes.ts'
import { makeFolder, makePrograms } from '../../support/folder.ts'

const modules = ['example.com/tools', 'go.etcd.io/etcd/server/v3']
const goMod = JSON.stringify({ Require: modules.map((Path) => ({ Path, Version: 'v1.2.3' })) })
const recipe: Recipe = { module: 'example.com/tools', names: { server: 'store' } }
const fakeGo = `
case "$*" in
  'mod edit -json') echo '${goMod}' ;;
  'env GOVERSION') echo go1.26.8 ;;
  'list -deps tool') echo "$*" >> "$CALLS" ;;
  'build '*)
    echo "GOGC=$GOGC GOMEMLIMIT=$GOMEMLIMIT $*" >> "$CALLS"
    while [ "$1" != -o ]; do shift; done
    echo program > "$2/server"; echo program > "$2/tool" ;;
esac`

let set: string
let calls: string
let programs: typeof import('../../../tools/local-cluster/programs/programs.ts')

beforeEach(async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  set = join(await makeFolder(), 'tools')
  calls = join(set, '../calls')
  await mkdir(set)
  for (const file of ['go.mod', 'go.sum', 'main.go']) await writeFile(join(set, file), file)
  const bin = await makePrograms({ go: fakeGo })
  vi.stubEnv('PATH', [bin, process.env.PATH].join(delimiter))
  vi.stubEnv('CALLS', calls)
  vi.stubEnv('XDG_CACHE_HOME', await makeFolder())
  for (const name of ['GOGC', 'GOMEMLIMIT']) vi.stubEnv(name, undefined)
  vi.resetModules()
  programs = await import('../../../tools/local-cluster/programs/programs.ts')
})

const readCalls = async () => (await readFile(calls, 'utf8')).trim().split('\n')

test('all programs of a set are compiled in one run, and once', async () => {
  const { folder, tag } = await programs.buildSet(set, recipe)
  expect((await readdir(folder)).sort()).toEqual(['SHA256SUMS', 'store', 'tool'])
  expect(tag).toBe('1.2.3')
  await programs.buildSet(set, recipe)
  expect(await readCalls()).toEqual([expect.stringMatching(/ build .* -o \S+\/ tool$/)])
})

test.each([
  ['its requirements', () => writeFile(join(set, 'go.mod'), 'more'), {}],
  ['its own source', () => writeFile(join(set, 'main.go'), 'more'), {}],
  ['its tags', () => undefined, { tags: ['small'] }],
  ['its variables', () => undefined, { variables: () => ({ 'main.name': 'x' }) }],
])('a set is compiled again after a change of %s', async (_, change, more) => {
  const { folder } = await programs.buildSet(set, recipe)
  await change()
  expect((await programs.buildSet(set, { ...recipe, ...more })).folder).not.toBe(folder)
  expect(await readCalls()).toHaveLength(2)
})

test('compilers use memory instead of collecting garbage, up to a limit', async () => {
  await programs.buildSet(set, recipe)
  expect((await readCalls())[0]).toMatch(/^GOGC=off GOMEMLIMIT=1GiB /)
})

test('your own limits for compilers are kept', async () => {
  vi.stubEnv('GOGC', '50')
  vi.stubEnv('GOMEMLIMIT', '100MiB')
  await programs.buildSet(set, recipe)
  expect((await readCalls())[0]).toMatch(/^GOGC=50 GOMEMLIMIT=100MiB /)
})

test('sources are downloaded before, but not of programs in the cache', async () => {
  await programs.fetchSources(['etcd'])
  expect(await readCalls()).toEqual(['list -deps tool'])
  await programs.buildSet(join(CHECKOUT, 'tools/local-cluster/programs/etcd'), recipes.etcd)
  await programs.fetchSources(['etcd'])
  expect(await readCalls()).toHaveLength(2)
})
