// The wheel of clients/python, built and installed as users do.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { describePython, fetchPackages } from '../../../tools/local-cluster/programs/python.ts'

export const PYTHON_CLIENT = join(CHECKOUT, 'clients/python')

/** Builds the wheel, by way of the source distribution, into `folder`. Returns its path. */
export async function buildWheel(folder: string): Promise<string> {
  const { command, env } = describePython(
    await fetchPackages(join(PYTHON_CLIENT, 'build-requirements.txt')),
  )
  const args = ['-m', 'build', '--no-isolation', '--outdir', folder, PYTHON_CLIENT]
  const [python, ...flags] = command
  await run(python, [...flags, ...args], { env: { ...process.env, ...env } })
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'))
  return join(folder, wheel ?? 'no wheel')
}

/** Installs the wheel alone into `folder`. */
export async function installWheel(wheel: string, folder: string): Promise<void> {
  const quiet = ['--quiet', '--root-user-action=ignore']
  await run('pip3', ['install', ...quiet, '--no-deps', '--no-index', '--target', folder, wheel])
}
