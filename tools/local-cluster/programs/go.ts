// Runs the go command as every build of the local cluster does.
import { run } from '../../cli/exec.ts'

/** Runs it in `cwd`. `mod` says whether it may change go.mod and go.sum. */
export function go(
  cwd: string,
  args: readonly string[],
  {
    mod = 'readonly',
    onStderr,
  }: { mod?: 'readonly' | 'mod'; onStderr?: (text: string) => void } = {},
): Promise<string> {
  return run('go', args, {
    cwd,
    env: {
      ...process.env,
      CGO_ENABLED: '0',
      GOFLAGS: `-mod=${mod} -trimpath -buildvcs=false`,
      GOWORK: 'off',
    },
    ...(onStderr === undefined ? {} : { onStderr }),
  })
}
