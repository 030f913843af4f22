// The contents and the permissions of each image, by its Containerfile.
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
    ['/app', '/run/key', '/run/signer', '/run/pairing', '/run/freeze'],
    ['/run/signer', '/run/pairing', ownCoreDumps],
  ],
])('the image of the %s', (service, user, readable, writable) => {
  const flags = readEntrypoint(service)

  test('contains one folder of the build, and nothing else', () => {
    expect(readInstructions(service, 'COPY')).toEqual([`${service}/root/ /`])
  })

  test('has one build stage, which runs and fetches nothing', () => {
    expect(readInstructions(service, 'FROM')).toEqual([expect.stringMatching(/^\$\{NODE_IMAGE\}$/)])
    expect([...readInstructions(service, 'RUN'), ...readInstructions(service, 'ADD')]).toEqual([])
  })

  test('sets only variables that tune malloc', () => {
    const names = Object.keys(readEnvironment(service))
    expect(names.filter((name) => !/^MALLOC_[A-Z]+_(MAX|THRESHOLD_)$/.test(name))).toEqual([])
  })

  test('has its own user', () => {
    expect(readInstructions(service, 'USER')).toEqual([user])
  })

  test('reads and writes only the paths that it needs', () => {
    const pathsOf = (flag: string) =>
      flags.filter((each) => each.startsWith(`${flag}=`)).map((each) => each.slice(flag.length + 1))
    expect(flags.slice(0, 2)).toEqual(['/nodejs/bin/node', '--permission'])
    expect(pathsOf('--allow-fs-read')).toEqual(readable)
    expect(pathsOf('--allow-fs-write')).toEqual(writable)
  })

  test('has no other permission, no inspector and no __proto__', () => {
    const others = flags
      .filter((flag) => !/^--(allow-fs-|max-(semi|old)-space-size=|no-maglev$)/.test(flag))
      .slice(2)
    expect(others).toEqual(['--disable-sigusr1', '--disable-proto=throw', '/app/main.mjs'])
  })
})
