// make audit: asks the registry for known vulnerabilities of what package-lock.json pins. Exits with 1 if there is one, of
// any severity in what ships and of a high one in what builds and tests; with 2 if the registry can't tell, for that is
// not the same as none. Looks at the folder that it is called in.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runMain, say, UserError } from '../cli/terminal.ts'
import { askRegistry, NoAnswerError, type Vulnerability } from './advisories.ts'

/** Vulnerable since 2020 (GHSA-vh95-rmgr-6w4m): a registry that finds nothing in it would find nothing in anything. */
const knownBad = { name: 'minimist', version: '1.2.0' }

const parts = [
  { title: 'what ships', flags: ['--omit=dev'], counts: () => true },
  {
    title: 'what builds and tests it',
    flags: [],
    counts: ({ severity }: Vulnerability) => ['high', 'critical'].includes(severity),
  },
]

await runMain(async () => {
  try {
    await checkRegistry()
    let failing = 0
    for (const { title, flags, counts } of parts) failing += await report(title, flags, counts)
    if (failing > 0) throw new UserError('known vulnerabilities', 'update what is named above')
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error
    say(`NOT CHECKED: ${error.message}`)
    say('  → use a registry that answers `npm audit`: npm_config_registry=… make audit')
    process.exitCode = 2
  }
})

/** Throws NoAnswerError unless the registry knows what is known to everybody. */
async function checkRegistry(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-signing-'))
  const { name, version } = knownBad
  const root = { name: 'known-bad', dependencies: { [name]: version } }
  const packages = { '': root, [`node_modules/${name}`]: { version } }
  const lockfile = { ...root, lockfileVersion: 3, requires: true, packages }
  try {
    // The same registry, and not "offline", which npm takes for an answer.
    await cp('.npmrc', join(folder, '.npmrc'))
    await writeFile(join(folder, 'package.json'), JSON.stringify(root))
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lockfile))
    const found = await askRegistry(folder, [])
    if (found.some((each) => each.name === name)) return
    throw new NoAnswerError(`the registry knows no vulnerability of ${name} ${version}`)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Returns how many are found that count. */
async function report(
  title: string,
  flags: readonly string[],
  counts: (each: Vulnerability) => boolean,
): Promise<number> {
  const all = await askRegistry(process.cwd(), flags)
  for (const { name, severity, range, urls } of all) {
    process.stdout.write(`${severity}\t${name} ${range}\t${urls.join(' ')}\n`)
  }
  const failing = all.filter(counts)
  say(`  ${failing.length > 0 ? 'FAIL' : 'ok  '}  ${title}: ${all.length} vulnerable`)
  return failing.length
}
