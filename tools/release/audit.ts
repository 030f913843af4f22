// make audit: asks the registry for known vulnerabilities of the packages in package-lock.json, in the current folder. Exits
// with 1 if a package in the images has one, or if a development package has a high one. Exits with 2 if the registry cannot
// answer, because no answer does not mean no vulnerability.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runMain, say, UserError } from '../cli/terminal.ts'
import { askRegistry, NoAnswerError, type Vulnerability } from './advisories.ts'

/** A known vulnerability (GHSA-vh95-rmgr-6w4m). A registry that does not report it does not report any. */
const knownBad = { name: 'minimist', version: '1.2.0' }

const parts = [
  { title: 'packages in the images', flags: ['--omit=dev'], counts: () => true },
  {
    title: 'packages for development',
    flags: [],
    counts: ({ severity }: Vulnerability) => ['high', 'critical'].includes(severity),
  },
]

await runMain(async () => {
  try {
    await checkRegistry()
    let failing = 0
    for (const { title, flags, counts } of parts) failing += await report(title, flags, counts)
    if (failing > 0)
      throw new UserError('there are known vulnerabilities', 'Update the packages above.')
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error
    say(`NOT CHECKED: ${error.message}`)
    say('  → Use a registry that answers `npm audit`: npm_config_registry=… make audit')
    process.exitCode = 2
  }
})

/** Throws NoAnswerError unless the registry reports the vulnerability of `knownBad`. */
async function checkRegistry(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-signing-'))
  const { name, version } = knownBad
  const root = { name: 'known-bad', dependencies: { [name]: version } }
  const packages = { '': root, [`node_modules/${name}`]: { version } }
  const lockfile = { ...root, lockfileVersion: 3, requires: true, packages }
  try {
    // For the same registry, and because npm treats "offline" as an answer.
    await cp('.npmrc', join(folder, '.npmrc'))
    await writeFile(join(folder, 'package.json'), JSON.stringify(root))
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lockfile))
    const found = await askRegistry(folder, [])
    if (found.some((each) => each.name === name)) return
    throw new NoAnswerError(
      `the registry reports no vulnerability of ${name} ${version}, which has one`,
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Prints the vulnerabilities. Returns how many of them `counts` accepts. */
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
