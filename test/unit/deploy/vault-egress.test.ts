// The note about NetworkPolicies that block the Vault agent.
import { expect, onTestFinished, test, vi } from 'vitest'
import { noteBlockedVault } from '../../../tools/deploy/preflight/vault-egress.ts'

const make = (kind: string, name: string) => ({ apiVersion: 'v1', kind, metadata: { name } })
const vault = make('ServiceEntry', 'vault')
const network = make('NetworkPolicy', 'signer-deny-all')

test.each([
  ['is printed', 'vault and network-policy', [vault, network], 1],
  ['is not printed', 'vault alone', [vault], 0],
  ['is not printed', 'network-policy alone', [network], 0],
])('the note %s with %s', (_, __, resources, times) => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => write.mockRestore())
  noteBlockedVault(resources)
  expect(write).toHaveBeenCalledTimes(times)
})
