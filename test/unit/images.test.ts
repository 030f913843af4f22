// What each Containerfile puts into its image, and under which permissions it runs there.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readEntrypoint } from './support/containerfile.ts'

const root = resolve(import.meta.dirname, '../..')
const readLines = (room: string, instruction: string) =>
  readFileSync(resolve(root, room, 'Containerfile'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${instruction} `))
    .map((line) => line.slice(instruction.length + 1))

const ownCoreDumps = '/proc/self/coredump_filter'

describe.each([
  ['frontend', '10001:10001', ['/app', '/run/identity', '/run/pairing'], [ownCoreDumps]],
  [
    'signer',
    '10002:10002',
    ['/app', '/run/key', '/run/signer', '/run/pairing'],
    ['/run/signer', '/run/pairing', ownCoreDumps],
  ],
])('the image of the %s', (room, user, readable, writable) => {
  const flags = readEntrypoint(room)

  test('has one file in it, and nothing else', () => {
    expect(readLines(room, 'COPY')).toEqual([`${room}/main.mjs ./`])
  })

  test('is built in one stage, without running or fetching anything', () => {
    expect(readLines(room, 'FROM')).toEqual([expect.stringMatching(/^\$\{NODE_IMAGE\}$/)])
    expect([...readLines(room, 'RUN'), ...readLines(room, 'ADD')]).toEqual([])
  })

  test('runs under a user of its own', () => {
    expect(readLines(room, 'USER')).toEqual([user])
  })

  test('reads and writes no more than it has to', () => {
    const pathsOf = (flag: string) =>
      flags.filter((each) => each.startsWith(`${flag}=`)).map((each) => each.slice(flag.length + 1))
    expect(flags.slice(0, 2)).toEqual(['/nodejs/bin/node', '--permission'])
    expect(pathsOf('--allow-fs-read')).toEqual(readable)
    expect(pathsOf('--allow-fs-write')).toEqual(writable)
  })

  test('may do nothing else, opens no inspector and has no __proto__', () => {
    const others = flags
      .filter((flag) => !/^--(allow-fs-|max-semi-space-size=)/.test(flag))
      .slice(2)
    expect(others).toEqual(['--disable-sigusr1', '--disable-proto=throw', '/app/main.mjs'])
  })
})
