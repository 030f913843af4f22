// Runs the go command as every build of the local cluster does.
import { run } from '../../cli/exec.ts'

/**
 * Compilers collect garbage only when they reach this limit, because it takes a tenth of their time. By default, the largest package of
 * Istio takes more memory. With less than that, its compilation takes twice the time.
 */
const lateGarbageCollection = { GOGC: 'off', GOMEMLIMIT: '1GiB' }

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
      ...lateGarbageCollection,
      ...process.env,
      CGO_ENABLED: '0',
      GOFLAGS: `-mod=${mod} -trimpath -buildvcs=false`,
      GOWORK: 'off',
    },
    ...(onStderr === undefined ? {} : { onStderr }),
  })
}
