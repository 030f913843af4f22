// Runs `make verify-audit` and `make who-signed`, without make.
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'

export function runAudit(program: string, env: Record<string, string> = {}, input = '') {
  const path = join(CHECKOUT, 'tools/verify/audit', program)
  return tryRun(process.execPath, [path], { env: { ...process.env, ...env }, input })
}
