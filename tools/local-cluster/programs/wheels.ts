// Python wheels, as programs of this machine or for an image. pip verifies their hashes.
import { run } from '../../cli/exec.ts'

const wheelsOnly = ['--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes']

export async function installWheels(requirements: string, folder: string): Promise<void> {
  const args = ['--root-user-action=ignore', '--target', folder, '-r', requirements]
  await run('pip3', ['install', ...wheelsOnly, ...args])
}

/** Fetches the wheels for this version of CPython on x86-64 Linux into `folder`. */
export async function downloadWheels(
  requirements: string,
  folder: string,
  python: string,
): Promise<void> {
  const target = ['--implementation', 'cp', '--python-version', python]
  const platform = ['--platform', 'manylinux2014_x86_64']
  const args = [...target, ...platform, '--dest', folder, '-r', requirements]
  await run('pip3', ['download', ...wheelsOnly, ...args])
}
