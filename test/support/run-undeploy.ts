// `make undeploy` as a program, for the tests of what it removes and what it says.
import { join } from 'node:path'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { tryRun } from '../../tools/cli/exec.ts'

const program = join(CHECKOUT, 'tools/deploy/undeploy.ts')

/** Runs make undeploy on the cluster of KUBECONFIG, unless `variables` name another. `seconds`: how long it took. */
export async function runUndeploy(variables: Record<string, string> = {}) {
  const env = { ...process.env, DELETE_KEY: '', FORCE_CONFLICTS: '', ...variables }
  const start = performance.now()
  const { code, stderr } = await tryRun('node', [program], { env, timeoutMs: 100_000 })
  return { code, said: stderr, seconds: (performance.now() - start) / 1000 }
}
