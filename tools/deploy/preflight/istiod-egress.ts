// Notes that NetworkPolicies separate the proxy from an istiod outside the cluster. They select Pods, and it has none here.
import { say } from '../../cli/terminal.ts'
import type { ControlPlane } from '../../kube/control-plane.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'

/** Prints a note if `resources` have the component network-policy, and no Pod of istiod was found. */
export function noteIstiodOutside(
  resources: readonly Resource[],
  { istiod, injector, mesh }: ControlPlane,
): void {
  if (istiod !== undefined) return
  if (!resources.map(describeResource).includes('NetworkPolicy/signer-allow-proxy-to-istiod'))
    return
  const address = mesh?.defaultConfig.discoveryAddress ?? injector.url ?? 'istiod'
  say(
    `  note  no Pod of istiod was found, and network-policy allows only Pods app=istiod in namespace ${injector.namespace}. If istiod is elsewhere, add a NetworkPolicy with an ipBlock for ${address}: docs/hardening.md#network-policies`,
  )
}
