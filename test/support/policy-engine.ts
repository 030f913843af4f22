// kube-router on the local cluster's node, for as long as a test takes: the cluster's own network enforces no NetworkPolicy.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Node, runInNode } from '../../tools/local-cluster/node/node-process.ts'
import { toNodePath } from '../../tools/local-cluster/paths.ts'
import { findOnNode, killProcess, requireNode } from '../../tools/verify/faults/support/node.ts'
import { buildTestPrograms } from './programs/programs.ts'

const REPEATS = 3
const REPEAT_MS = 500

/** Only the part that enforces policies. */
const flags = [
  ...['--run-firewall=true', '--run-router=false', '--run-service-proxy=false'],
  ...['--enable-cni=false', '--health-port=0', '--kubeconfig=/node/state/pki/admin.conf'],
  ...['--hostname-override=mesh-node', '--service-cluster-ip-range=10.96.0.0/16'],
]

/** Removes what kube-router has added. Its own clean-up removes kube-proxy's rules, too. */
const cleanUp = `set -eu
for chain in INPUT FORWARD OUTPUT; do
  iptables -S $chain | grep -e '-j KUBE-ROUTER-' | sed 's/^-A/iptables -D/' | sh
done
added=$(iptables -S | sed -nE 's/^-N (KUBE-(ROUTER|POD-FW|NWPLCY)-.*)/\\1/p')
for chain in $added; do iptables -F $chain; done
for chain in $added; do iptables -X $chain; done
for set in $(ipset list -n | grep -E '^KUBE-(SRC|DST)-'); do ipset destroy $set; done`

export type PolicyEngine = {
  /** Returns all rules of the node's packet filter, as iptables lists them. */
  readRules: () => Promise<string>
  stop: () => Promise<void>
}

/** Starts kube-router. It enforces policies within seconds. */
export async function startPolicyEngine(): Promise<PolicyEngine> {
  const program = toNodePath(join(await buildTestPrograms('kube-router'), 'kube-router'))
  const node = await requireNode()
  await removePolicyEngine()
  // setsid, so that Ctrl-C does not end it before its rules are removed.
  const ended = runInNode(node, ['setsid', '--wait', program, ...flags]).catch(
    (error: unknown) => error,
  )
  return {
    readRules: () => runInNode(node, ['iptables', '-S']),
    stop: async () => {
      const wasRunning = await endAndCleanUp(node)
      const said = await ended
      if (!wasRunning) throw new Error('kube-router had ended by itself', { cause: said })
    },
  }
}

/** Removes what a killed test has left. */
export async function removePolicyEngine(): Promise<void> {
  await endAndCleanUp(await requireNode())
}

/** Returns whether kube-router was running. */
async function endAndCleanUp(node: Node): Promise<boolean> {
  const pid = await findOnNode('kube-router').catch(() => undefined)
  if (pid !== undefined) await killProcess(pid)
  for (let again = 0; ; again++) {
    try {
      await runInNode(node, ['sh', '-c', cleanUp])
      return pid !== undefined
    } catch (error) {
      // A program that kube-router has started may still replace the rules.
      if (again >= REPEATS) throw error
      await sleep(REPEAT_MS)
    }
  }
}
