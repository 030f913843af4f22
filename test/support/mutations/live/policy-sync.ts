// Tells when the policy engine has seen every change so far.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Resource } from '../../../../tools/kube/resources.ts'
import type { Api } from '../../../../tools/verify/admission/api-server/api.ts'
import type { PolicyEngine } from '../../policy-engine.ts'
import { carryOut } from './carry-out.ts'

const POLL_MS = 200
const SYNC_MS = 60_000
const marker = 'mutation-marker'
const ports = 60_000

/**
 * The API server reports changes of policies in their order, and kube-router replaces all rules at once. So the rule of a policy
 * that is changed last is there together with those before. `namespace`: where that policy is. It selects no Pod.
 */
export function createPolicySync(
  api: Api,
  engine: PolicyEngine,
  namespace: string,
): { wait: () => Promise<void> } {
  let count = 0
  return {
    wait: async () => {
      count = (count % ports) + 1
      await carryOut(api, { applied: [composeMarker(namespace, count)], deleted: [] })
      const rule = new RegExp(`name: ${marker} .*--dport ${count} `)
      const deadline = Date.now() + SYNC_MS
      let failure: unknown
      // iptables fails if kube-router removes a set meanwhile.
      const readRules = () =>
        engine.readRules().catch((error: unknown) => {
          failure = error
          return ''
        })
      while (!rule.test(await readRules())) {
        if (Date.now() > deadline) {
          throw new Error('kube-router does not see a change', { cause: failure })
        }
        await sleep(POLL_MS)
      }
    },
  }
}

function composeMarker(namespace: string, port: number): Resource {
  return {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
    metadata: { name: marker, namespace },
    spec: {
      podSelector: { matchLabels: { [marker]: 'true' } },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ port, protocol: 'TCP' }] }],
    },
  }
}
