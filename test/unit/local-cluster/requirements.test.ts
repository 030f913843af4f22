// On a machine that cannot run the local cluster, the error says what is missing and what to do.
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { UserError } from '../../../tools/cli/terminal.ts'
import { checkBridgeFilter, checkRequirements } from '../../../tools/local-cluster/requirements.ts'
import { makeFolder, makePrograms } from '../../support/folder.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

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
  expect(todo).toContain('`sudo -E env "PATH=$PATH" make up`')
})

describe('br_netfilter', () => {
  async function useModprobe(script: string): Promise<void> {
    const bin = await makePrograms({ modprobe: script })
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
  }

  test('is loaded where it is a module, as in Debian', async () => {
    const setting = join(await makeFolder(), 'bridge-nf-call-iptables')
    await useModprobe(`[ "$*" = br_netfilter ] && touch '${setting}'`)
    await checkBridgeFilter(setting)
  })

  test('is not loaded again where the kernel has it', async () => {
    await useModprobe('exit 1')
    await checkBridgeFilter('/dev/null')
  })

  test('is required, because Services do not work without it', async () => {
    const setting = join(await makeFolder(), 'bridge-nf-call-iptables')
    await useModprobe('echo "modprobe: FATAL: Module br_netfilter not found" >&2; exit 1')
    await expect(checkBridgeFilter(setting)).rejects.toThrow(
      /needs the kernel module br_netfilter \(modprobe: FATAL: Module br_netfilter not found\)$/,
    )
  })
})
