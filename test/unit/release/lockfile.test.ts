// npm installs packages by hash, from the configured registry, and runs none of their scripts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'

const read = (file: string) => readFileSync(join(CHECKOUT, file), 'utf8')

const lockfile = z.object({ packages: z.record(z.string(), z.record(z.string(), z.unknown())) })
type Entry = z.infer<typeof lockfile>['packages'][string]

/** Packages with an installation script, which never runs, and why they do not need it. */
const doesWithout: Record<string, string> = {}
const exact = /^\d+\.\d+\.\d+$/
const dependencyKinds = ['dependencies', 'devDependencies', 'optionalDependencies'] as const

/** Lists the flaws of an entry of the lockfile. */
function findFaults(
  path: string,
  { integrity, resolved, hasInstallScript, link }: Entry,
): string[] {
  return [
    ...(/^sha512-[A-Za-z0-9+/]{86}==$/.test(String(integrity)) ? [] : ['no SHA-512']),
    ...(resolved === undefined ? [] : ['an address']),
    ...(hasInstallScript && doesWithout[path] === undefined ? ['a script at installation'] : []),
    ...(link ? ['a link'] : []),
  ]
}

const { '': project, ...entries } = lockfile.parse(JSON.parse(read('package-lock.json'))).packages
const packageJson = JSON.parse(read('package.json'))

test('every package has a hash, no address and no installation script', () => {
  const faults = Object.entries(entries).map(([path, entry]) => [path, findFaults(path, entry)])
  expect(faults.length).toBeGreaterThan(100)
  expect(faults.filter(([, found]) => found?.length !== 0)).toEqual([])
})

test.each([
  { integrity: `sha1-${'A'.repeat(27)}=`, fault: 'no SHA-512' },
  { integrity: undefined, fault: 'no SHA-512' },
  { resolved: 'https://registry.example/zod-4.0.0.tgz', fault: 'an address' },
  { hasInstallScript: true, fault: 'a script at installation' },
  { link: true, fault: 'a link' },
])('finds $fault', ({ fault, ...change }) => {
  const [[path, entry] = ['', {}]] = Object.entries(entries)
  expect(findFaults(path, { ...entry, ...change })).toEqual([fault])
})

describe.each(dependencyKinds)('%s', (kind) => {
  test('are exact versions, the same in both files', () => {
    const wanted: Record<string, string> = packageJson[kind]
    for (const version of Object.values(wanted)) expect(version).toMatch(exact)
    expect(project?.[kind]).toEqual(wanted)
    for (const [name, version] of Object.entries(wanted)) {
      expect(entries[`node_modules/${name}`]?.version).toBe(version)
    }
  })
})

test('every installation uses the lockfile, without scripts', () => {
  const lines = read('Makefile').matchAll(/^\t@?(npm (?:ci|install|i)\b.*)/gm)
  expect([...lines].map(([, line]) => line)).toEqual([
    expect.stringMatching(/^npm ci --ignore-scripts\b/),
  ])
  const settings = read('.npmrc').split('\n')
  expect(settings).toEqual(
    expect.arrayContaining(['ignore-scripts=true', 'omit-lockfile-registry-resolved=true']),
  )
})
