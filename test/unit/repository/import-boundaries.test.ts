// The import boundaries between the top-level folders, and what only one file may do.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'

const folders = ['client', 'frontend', 'runtime', 'signer'] as const
const imports = /(?:\bfrom|\bimport|\bimport\()\s*'([^']+)'/g

const read = (file: string) => readFileSync(join(CHECKOUT, file), 'utf8')
const listSources = (folder: string) =>
  readdirSync(join(CHECKOUT, folder), { recursive: true, encoding: 'utf8' })
    // What npm pack builds is in dist/.
    .filter((name) => name.endsWith('.ts') && !name.startsWith('dist/'))
    .map((name) => join(folder, name))

/** Lists the files that `entry` reaches, itself included, and the libraries and modules of Node. */
function walkImports(entry: string): { files: Set<string>; libraries: Set<string> } {
  const files = new Set<string>()
  const libraries = new Set<string>()
  const waiting = [entry]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue
    files.add(file)
    for (const [, specifier = ''] of read(file).matchAll(imports)) {
      if (specifier.startsWith('.')) {
        waiting.push(relative(CHECKOUT, resolve(CHECKOUT, dirname(file), specifier)))
      } else libraries.add(specifier)
    }
  }
  return { files, libraries }
}

const foldersOf = (files: Iterable<string>) => new Set([...files].map((file) => file.split('/')[0]))

describe.each([
  ['frontend', ['client', 'frontend', 'runtime']],
  ['signer', ['runtime', 'signer']],
] as const)('%s', (service, allowed) => {
  const { files, libraries } = walkImports(`${service}/main.ts`)

  test('reaches its folders and the version in package.json, and no other folder', () => {
    const others = [...files].filter((file) => file !== 'package.json')
    expect(foldersOf(others)).toEqual(new Set(allowed))
  })

  test('has no file that its entry does not reach', () => {
    expect([...files].filter((file) => file.startsWith(service)).sort()).toEqual(
      listSources(service).sort(),
    )
  })

  test('uses only libraries that are in its image', () => {
    const { dependencies } = JSON.parse(read('package.json'))
    const names = [...libraries]
      .filter((name) => !name.startsWith('node:'))
      // "hono/route" is a part of the package "hono".
      .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'))
    expect(Object.keys(dependencies)).toEqual(expect.arrayContaining(names))
  })

  test('starts no process, no worker and evaluates no text', () => {
    for (const name of ['child_process', 'worker_threads', 'cluster', 'vm', 'inspector']) {
      expect(libraries).not.toContain(`node:${name}`)
    }
  })
})

test.each(['client', 'runtime'])('%s reaches only itself', (folder) => {
  for (const file of listSources(folder)) {
    expect(foldersOf(walkImports(file).files)).toEqual(new Set([folder]))
  }
})

test('the client needs no library, and has no file that its entry does not reach', () => {
  const { files, libraries } = walkImports('client/index.ts')
  expect([...libraries].filter((name) => !name.startsWith('node:'))).toEqual([])
  expect([...files].sort()).toEqual(listSources('client').sort())
})

/** The files that `file` imports. */
const listImports = (file: string) =>
  [...read(file).matchAll(imports)]
    .map(([, specifier = '']) => specifier)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => join(dirname(file), specifier))

test('a folder of test/ imports no other one but test/support', () => {
  const parent = (file: string) => file.split('/')[1]
  const wrong = listSources('test').flatMap((file) => {
    const others = listImports(file).filter((each) => each.startsWith('test/'))
    const allowed = ['support', parent(file)]
    return others.filter((each) => !allowed.includes(parent(each))).map((each) => [file, each])
  })
  expect(wrong).toEqual([])
})

test('tools/ does not import test/', () => {
  const wrong = listSources('tools').filter((file) =>
    listImports(file).some((each) => each.startsWith('test/')),
  )
  expect(wrong).toEqual([])
})

test('each form of import is found', () => {
  const forms = "import a from 'a'; import type { B } from 'b'; import 'c'; export * from 'd'"
  const found = [...`${forms}; await import('e')`.matchAll(imports)].map(([, name]) => name)
  expect(found).toEqual(['a', 'b', 'c', 'd', 'e'])
})

describe('only one file', () => {
  const filesWith = (pattern: RegExp) =>
    folders.flatMap(listSources).filter((file) => pattern.test(read(file)))

  test('of each side computes MACs of requests, and one those of messages, which imports no other', () => {
    expect(filesWith(/createHmac/)).toEqual([
      'client/request-signature.ts',
      'signer/hmac.ts',
      'signer/pairing.ts',
    ])
    expect(walkImports('signer/hmac.ts')).toEqual({
      files: new Set(['signer/hmac.ts']),
      libraries: new Set(['node:crypto']),
    })
  })

  test('of each service and of the client reads the environment: its entry point', () => {
    expect(filesWith(/process\.env|from 'node:process'/)).toEqual([
      'client/index.ts',
      'frontend/main.ts',
      'signer/main.ts',
    ])
  })

  test('reads key files, one the freeze marker, one the caller token, and one the pairing secret', () => {
    expect(filesWith(/readFile\(/)).toEqual(['signer/keys/key-files.ts'])
    expect(filesWith(/readFileSync\(/)).toEqual([
      'client/caller-token.ts',
      'client/pairing.ts',
      'signer/freeze.ts',
    ])
  })
})
