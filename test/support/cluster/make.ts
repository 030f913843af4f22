// make with the images and the kubeconfig of the local cluster.
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'

const timeoutMs = 180_000

/** Runs targets of make, for example `runMake('analyze', 'LIVE=yes')`. Returns what they print on both outputs. */
export async function runMake(...args: string[]): Promise<{ code: number; said: string }> {
  const { code, stdout, stderr } = await tryRun('make', args, { cwd: CHECKOUT, timeoutMs })
  return { code, said: stdout + stderr }
}
