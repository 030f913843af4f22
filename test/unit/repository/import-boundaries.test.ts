// The rooms stay apart: what each service reaches by imports, and what only one file may do.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'

const rooms = ['frontend', 'runtime', 'signer'] as const
const imports = /(?:\bfrom|\bimport|\bimport\()\s*'([^']+)'/g

const read = (file: string) => readFileSync(join(CHECKOUT, file), 'utf8')
const listSources = (room: string) =>
  readdirSync(join(CHECKOUT, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(room, name))

/** Every file of ours that `entry` reaches, itself included, and every library and module of Node. */
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

const roomsOf = (files: Iterable<string>) => new Set([...files].map((file) => file.split('/')[0]))

describe.each(['frontend', 'signer'])('%s', (room) => {
  const { files, libraries } = walkImports(`${room}/main.ts`)

  test('reaches runtime/, itself and the version in package.json, and no other room', () => {
    const others = [...files].filter((file) => file !== 'package.json')
    expect(roomsOf(others)).toEqual(new Set([room, 'runtime']))
  })

  test('has no file that its entry does not reach', () => {
    expect([...files].filter((file) => file.startsWith(room)).sort()).toEqual(
      listSources(room).sort(),
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

test('runtime reaches itself alone', () => {
  for (const file of listSources('runtime')) {
    expect(roomsOf(walkImports(file).files)).toEqual(new Set(['runtime']))
  }
})

test('the walk sees each form of import', () => {
  const forms = "import a from 'a'; import type { B } from 'b'; import 'c'; export * from 'd'"
  const found = [...`${forms}; await import('e')`.matchAll(imports)].map(([, name]) => name)
  expect(found).toEqual(['a', 'b', 'c', 'd', 'e'])
})

describe('only one file', () => {
  const filesWith = (pattern: RegExp) =>
    rooms.flatMap(listSources).filter((file) => pattern.test(read(file)))

  test('makes MACs of messages, one of requests, and the first imports nothing of ours', () => {
    expect(filesWith(/createHmac/)).toEqual(['runtime/http/http-signature.ts', 'signer/hmac.ts'])
    expect(walkImports('signer/hmac.ts')).toEqual({
      files: new Set(['signer/hmac.ts']),
      libraries: new Set(['node:crypto']),
    })
  })

  test('of each service reads the environment: its entry', () => {
    expect(filesWith(/process\.env|from 'node:process'/)).toEqual([
      'frontend/main.ts',
      'signer/main.ts',
    ])
  })

  test('reads key files, one the caller token, and one the pairing secret', () => {
    expect(filesWith(/readFile\(/)).toEqual(['signer/keys/key-files.ts'])
    expect(filesWith(/readFileSync\(/)).toEqual(['frontend/caller-token.ts', 'frontend/pairing.ts'])
  })
})
