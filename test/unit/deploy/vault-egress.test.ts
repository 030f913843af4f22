// Who deploys Vault's agent behind NetworkPolicies is told what is missing.
import { expect, onTestFinished, test, vi } from 'vitest'
import { noteBlockedVault } from '../../../tools/deploy/preflight/vault-egress.ts'

const make = (kind: string, name: string) => ({ apiVersion: 'v1', kind, metadata: { name } })
const vault = make('ServiceEntry', 'vault')
const network = make('NetworkPolicy', 'deny-all')

test.each([
  ['both', [vault, network], 1],
  ['Vault alone', [vault], 0],
  ['the network alone', [network], 0],
])('with %s', (_, resources, times) => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => write.mockRestore())
  noteBlockedVault(resources)
  expect(write).toHaveBeenCalledTimes(times)
})
