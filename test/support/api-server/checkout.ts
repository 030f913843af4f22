// A copy of this checkout with one commit, for what must not depend on place, time and author.
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'

/** A release needs these and the runtime's dependencies. */
const tools = ['rolldown', '@rolldown', '@oxc-project', 'yaml']
const lockfile = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().default(false) })),
})

export async function copyCheckout(folder: string): Promise<void> {
  const args = ['-C', CHECKOUT, 'ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const files = (await run('git', args)).split('\0').filter((name) => name !== '')
  await mkdir(folder, { recursive: true })
  const copy = (options: string[], paths: readonly string[]) =>
    run('cp', [...options, '--parents', '--target-directory', folder, ...paths], { cwd: CHECKOUT })
  await copy([], files)
  const { packages } = lockfile.parse(
    JSON.parse(await readFile(join(CHECKOUT, 'package-lock.json'), 'utf8')),
  )
  const shipped = Object.keys(packages).filter((path) => path !== '' && !packages[path]?.dev)
  const needed = shipped.filter((path) => !path.includes('node-linux'))
  await copy(['--recursive'], [...needed, ...tools.map((name) => `node_modules/${name}`)])
  const git = ['-C', folder, '-c', 'user.name=test', '-c', 'user.email=test@localhost']
  await run('git', ['init', '--quiet', folder])
  await run('git', [...git, 'add', '--all'])
  await run('git', [...git, 'commit', '--quiet', '--message', 'A copy'])
}
