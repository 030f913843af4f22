// Attacks another application than our frontend, which must be deployed. The names of the tests' target come from CONFIG, so they
// run in a process of their own.
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { type RunResult, tryRun } from '../../../tools/cli/exec.ts'

/** Tokens, other Pods with all identities, and deleted policies. They need nothing of the application's image. */
const attacks = [
  'refuses-bad-tokens',
  'refuses-other-frontends',
  'refuses-other-pods',
  'holds-without-policies',
]
const timeoutMs = 600_000

/** `config`: the path of its signing.yaml. The last line of the output has the number of tests. */
export function attackApplication(config: string): Promise<RunResult> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'))
  const files = attacks.map((name) => join(CHECKOUT, `test/policy/${name}.test.ts`))
  const vitest = join(CHECKOUT, 'node_modules/vitest/vitest.mjs')
  return tryRun(process.execPath, [vitest, 'run', '--project', 'policy', ...files], {
    env: { ...Object.fromEntries(kept), CONFIG: config },
    cwd: CHECKOUT,
    timeoutMs,
  })
}
