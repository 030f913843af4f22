// On a machine that cannot run the local cluster, the error says what is missing and what to do.
import { afterEach, expect, test, vi } from 'vitest'
import { UserError } from '../../../tools/cli/terminal.ts'
import { checkRequirements } from '../../../tools/local-cluster/requirements.ts'

afterEach(() => vi.restoreAllMocks())

async function refusal(): Promise<UserError> {
  const error = await checkRequirements().catch((caught: unknown) => caught)
  if (error instanceof UserError) return error
  throw new Error(`not refused: ${error}`)
}

test('refuses a system other than Linux on x86-64', async () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin')
  const { message, todo } = await refusal()
  expect(message).toMatch(/needs Linux on x86-64, and this is darwin on \w+$/)
  expect(todo).toContain('`make deploy KUBECONFIG=…` on any cluster with Istio')
})

test('refuses a user other than root', async () => {
  if (process.getuid === undefined) throw new Error('this test needs a system with users')
  vi.spyOn(process as { getuid: () => number }, 'getuid').mockReturnValue(1_000)
  const { message, todo } = await refusal()
  expect(message).toContain('needs root')
  expect(todo).toContain('sudo')
})
