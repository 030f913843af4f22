// Python with the wheel of clients/python, and with what its tests need. pip verifies the hashes, and the cache keeps the packages.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT, readText } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { cached, keyOf } from '../../../tools/local-cluster/programs/cache.ts'
import { installWheels } from '../../../tools/local-cluster/programs/wheels.ts'

export const PYTHON_CLIENT = join(CHECKOUT, 'clients/python')
/** A command without the machine's packages, and its environment. It writes nothing into the folders of packages. */
export type Python = { command: readonly [string, ...string[]]; env: Record<string, string> }

export function describePython(...folders: readonly string[]): Python {
  const env = { PYTHONPATH: folders.join(':'), PYTHONDONTWRITEBYTECODE: '1' }
  return { command: ['python3', '-S'], env }
}

/** Installs the packages of a requirements file. Returns the folder. */
export async function fetchPackages(requirements: string): Promise<string> {
  // The version of pip says for which Python the wheels are.
  const key = keyOf(await readText(requirements), await run('pip3', ['--version']))
  return cached(`programs/python-${key}`, (folder) => installWheels(requirements, folder))
}

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
