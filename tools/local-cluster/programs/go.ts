// Runs the go command as every build of the local cluster does.
import { availableParallelism, totalmem } from 'node:os'
import { run } from '../../cli/exec.ts'

const MIB = 2 ** 20

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
      ...limitGarbageCollection(),
      ...process.env,
      CGO_ENABLED: '0',
      GOFLAGS: `-mod=${mod} -trimpath -buildvcs=false`,
      GOWORK: 'off',
    },
    ...(onStderr === undefined ? {} : { onStderr }),
  })
}

/**
 * Compilers collect garbage only when they reach their share of half the memory. Collection takes a tenth of their time. There is
 * one for each core, and the go command itself.
 */
function limitGarbageCollection(): Record<string, string> {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
  const share = Math.min(memory / 2 / (availableParallelism() + 1), 1024 * MIB)
  return { GOGC: 'off', GOMEMLIMIT: `${Math.floor(share / MIB)}MiB` }
}
