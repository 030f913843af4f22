// What each Containerfile puts into its image, and under which permissions it runs there.
import { describe, expect, test } from 'vitest'
import {
  readEntrypoint,
  readEnvironment,
  readInstructions,
} from '../../../tools/images/containerfile.ts'

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

  test('has one file and the licences in it, and nothing else', () => {
    expect(readInstructions(room, 'COPY')).toEqual([`${room}/main.mjs ${room}/LICENSES ./`])
  })

  test('is built in one stage, without running or fetching anything', () => {
    expect(readInstructions(room, 'FROM')).toEqual([expect.stringMatching(/^\$\{NODE_IMAGE\}$/)])
    expect([...readInstructions(room, 'RUN'), ...readInstructions(room, 'ADD')]).toEqual([])
  })

  test('sets nothing in the environment but what tunes malloc', () => {
    const names = Object.keys(readEnvironment(room))
    expect(names.filter((name) => !/^MALLOC_[A-Z]+_(MAX|THRESHOLD_)$/.test(name))).toEqual([])
  })

  test('runs under a user of its own', () => {
    expect(readInstructions(room, 'USER')).toEqual([user])
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
      .filter((flag) => !/^--(allow-fs-|max-(semi|old)-space-size=|no-maglev$)/.test(flag))
      .slice(2)
    expect(others).toEqual(['--disable-sigusr1', '--disable-proto=throw', '/app/main.mjs'])
  })
})
