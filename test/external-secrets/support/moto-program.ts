// moto and the AWS command line, for tests: nothing of the cluster needs them.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { cached, keyOf } from '../../../tools/local-cluster/programs/cache.ts'
import { installWheels } from '../../../tools/local-cluster/programs/wheels.ts'

const REQUIREMENTS = join(CHECKOUT, 'tools/local-cluster/programs/moto/requirements.txt')

/** Returns the folder whose bin/ has the programs `moto_server` and `aws`. */
export async function fetchMoto(): Promise<string> {
  const requirements = await readFile(REQUIREMENTS, 'utf8')
  const version = /^moto==(\S+)/m.exec(requirements)?.[1] ?? ''
  // Says which Python the wheels are for, and where it is.
  const key = keyOf(requirements, await run('pip3', ['--version']))
  return cached(`programs/moto-${version}-${key}`, (folder) => installWheels(REQUIREMENTS, folder))
}

/**
 * How a program of that folder is run: a command with its first arguments, and what has to be in its environment. It sees
 * that folder and none of the machine's packages, and writes nothing into it, which its checksums would not bear.
 */
export function describePython(folder: string, program: string) {
  return {
    command: ['python3', '-S', join(folder, 'bin', program)] as const,
    env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
  }
}
