// Vault behind NetworkPolicies: they know addresses and not names, so nothing here can write the one that lets the agent out.
import { say } from '../../cli/terminal.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'

const both = ['ServiceEntry/vault', 'NetworkPolicy/deny-all']

/** Says so if the agent among `resources` is kept from its Vault until its user has let it out. */
export function noteVaultIsCutOff(resources: readonly Resource[]): void {
  const names = resources.map(describeResource)
  if (!both.every((name) => names.includes(name))) return
  say(
    "  note  network-policy keeps the agent from Vault until a NetworkPolicy of yours allows Vault's address: docs/hardening.md",
  )
}
