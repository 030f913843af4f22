// Compiles test programs in Go that run in any container: static, and from the standard library alone.
import { basename, join } from 'node:path'
import { run } from '../../tools/cli/exec.ts'

/** Compiles the program in the folder `source` into `folder`. Returns its path. It has the name of its folder. */
export async function buildStaticGo(source: string, folder: string): Promise<string> {
  const program = join(folder, basename(source))
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    GOFLAGS: '-trimpath -buildvcs=false',
    GOWORK: 'off',
  }
  await run('go', ['build', '-o', program, '.'], { cwd: source, env })
  return program
}
