// Python with packages from the cache. pip verifies their hashes.
import { readText } from '../../cli/checkout.ts'
import { run } from '../../cli/exec.ts'
import { cached, keyOf } from './cache.ts'
import { installWheels } from './wheels.ts'

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
