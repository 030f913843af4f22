// The account of examples/gitops/preview, as a CI job has it.
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { readVariable } from '../../../tools/cli/make-variables.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { makeFolder } from '../../support/folder.ts'

const rights = join(CHECKOUT, 'examples/gitops/preview/rights.yaml')
/** Until the API server enforces a new policy. */
const POLICY_MS = 5_000

/** Applies the rights, and removes them after the test. */
export async function actAsPreview() {
  await kubectl(['apply', '-f', rights])
  onTestFinished(async () => {
    await kubectl(['delete', '-f', rights, '--ignore-not-found'])
  })
  await sleep(POLICY_MS)
  const KUBECONFIG = join(await makeFolder(), 'kubeconfig')
  await copyFile(readVariable('KUBECONFIG') ?? '', KUBECONFIG)
  const token = await kubectl(['create', 'token', 'preview', '-n', 'preview', '--duration=1h'])
  const config = ['--kubeconfig', KUBECONFIG, 'config']
  await kubectl([...config, 'set-credentials', 'preview', `--token=${token.trim()}`])
  await kubectl([...config, 'set-context', '--current', '--user=preview'])
  return {
    KUBECONFIG,
    isAllowed: async (args: readonly string[]) => {
      const isDry = /^(create namespace|delete)/.test(args.join(' '))
      const dry = isDry ? ['--dry-run=server'] : []
      const all = ['--kubeconfig', KUBECONFIG, ...args.toSpliced(1, 0, ...dry)]
      const { code, stderr } = await tryRun('kubectl', all, { timeoutMs: 20_000 })
      if (code !== 0 && !/forbidden|denied request/i.test(stderr)) throw new Error(stderr)
      return code === 0
    },
  }
}
