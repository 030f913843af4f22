// Another version of a set is resolved in the cache. A program in place of Go answers as Go does with an incomplete proxy.
import { readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { makeFolder, makePrograms } from '../../support/folder.ts'

const pinned = `module secure-signing/programs/istio

go 1.26.0

tool istio.io/istio/pilot/cmd/pilot-agent

require (
	example.com/pinned v0.0.0-20260501213430-773586679f1c // indirect
	istio.io/api v1.31.0 // indirect
	istio.io/istio v0.0.0-20260827124520-eed52ebb66ad // indirect
)
`
const version = 'v0.0.0-20260826214018-9739e10eb9d7'
const reading = 'reading https://proxy.example/x.zip: 403 Forbidden'
/** istio.io/istio needs these two. */
const missing = ['istio.io/api@v1.30.4-0.2026', 'example.com/pinned@v0.0.0-2026']
const fakeGo = `
case "$*" in
  'list -m -versions istio.io/api') echo 'istio.io/api v1.30.3 v1.30.4-rc.1 v1.30.8 v1.31.0' ;;
  'list -m -versions '*) echo none ;;
  'list -m -f {{.Version}} istio.io/istio@9739e10') echo ${version} ;;
  'list -m -f '*) echo 'go: unknown revision' >&2; exit 1 ;;
  'mod edit -replace '*) echo "replace \${4%%=*} => \${4%%=*} \${4##*@}" >> go.mod ;;
  'list -deps tool')
    echo 'go: downloading something v1.0.0' >&2
    for module in $MISSING; do
      grep -q "^replace \${module%%@*} " go.mod || { echo "x.go:1:2: $module: ${reading}" >&2; failed=1; }
    done
    [ -z "$failed" ] && echo sums > go.sum ;;
esac`

let source: string
let resolveSet: typeof import('../../../tools/local-cluster/programs/other-version.ts').resolveSet
const said = vi.spyOn(process.stderr, 'write')

beforeEach(async () => {
  said.mockReset().mockReturnValue(true)
  source = join(await makeFolder(), 'go.mod')
  await writeFile(source, pinned)
  const bin = await makePrograms({ go: fakeGo })
  vi.stubEnv('PATH', [bin, process.env.PATH].join(delimiter))
  vi.stubEnv('XDG_CACHE_HOME', await makeFolder())
  vi.stubEnv('MISSING', missing.join(' '))
  vi.resetModules()
  resolveSet = (await import('../../../tools/local-cluster/programs/other-version.ts')).resolveSet
})

const resolve = (wanted: string) => resolveSet(join(source, '..'), 'istio.io/istio', wanted)

test('keeps the tools, and takes a stand-in for what the proxy does not serve', async () => {
  const folder = await resolve(version)
  expect(await readFile(join(folder, 'go.mod'), 'utf8')).toBe(
    [
      ...pinned.split('\n').slice(0, 6),
      `require istio.io/istio ${version}`,
      // The newest release of the same minor version, else the pinned one.
      'replace istio.io/api => istio.io/api v1.30.8',
      'replace example.com/pinned => example.com/pinned v0.0.0-20260501213430-773586679f1c',
      '',
    ].join('\n'),
  )
  expect(await readFile(join(folder, 'go.sum'), 'utf8')).toBe('sums\n')
})

test('names each stand-in, also when it is in the cache', async () => {
  await resolve(version)
  said.mockClear()
  await resolve(version)
  const notes = said.mock.calls.map(([text]) => text).join('')
  expect(notes).toMatch(/note .*istio\.io\/api .*v1\.30\.8/)
  expect(notes).toMatch(/note .*example\.com\/pinned .*v0\.0\.0-20260501213430/)
})

test('finds the version of a commit', async () => {
  expect(await resolve('9739e10')).toContain(version)
})

test('refuses a version that the proxy does not know', async () => {
  await expect(resolve('1.30.99')).rejects.toThrow(/istio\.io\/istio@1\.30\.99:\ngo: unknown rev/)
})

test.each([
  ['the version itself', `istio.io/istio@${version}`],
  ['a module without any stand-in', 'example.com/other@v1.0.0'],
])('refuses if the proxy does not serve %s', async (_, module) => {
  vi.stubEnv('MISSING', module)
  await expect(resolve(version)).rejects.toThrow(`${module}: ${reading}`)
})
