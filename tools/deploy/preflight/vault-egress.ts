// Notes that NetworkPolicies block the Vault agent. They match addresses and not names, so the user has to allow Vault's
// address.
import { say } from '../../cli/terminal.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'

const both = ['ServiceEntry/vault', 'NetworkPolicy/signer-deny-all']

/** Prints a note if `resources` have both the Vault agent and NetworkPolicies. */
export function noteBlockedVault(resources: readonly Resource[]): void {
  const names = resources.map(describeResource)
  if (!both.every((name) => names.includes(name))) return
  say(
    "  note  network-policy blocks the agent's connection to Vault. Add a NetworkPolicy that allows Vault's address: docs/hardening.md",
  )
}
