// Everything that is checked and found out before anything is changed.
import { step } from '../../cli/terminal.ts'
import { checkCluster, checkIstioctl } from '../../kube/check-cluster.ts'
import {
  checkCniPlugin,
  checkIstioKinds,
  checkIstioVersion,
  readTrustDomain,
} from '../../kube/control-plane.ts'
import { findIngressGateway } from '../../kube/ingress-gateway.ts'
import { chooseInjector, listInjectors } from '../../kube/sidecar-injector.ts'
import { readTokenIssuer } from '../../kube/token-issuer.ts'
import type { ClusterFindings } from '../render/cluster-values.ts'
import { checkAdmissionKinds } from './admission.ts'

/** Looks the cluster over, one line a check. Throws UserError at the first that fails. */
export async function inspectCluster(wanted: {
  revision: string | undefined
  gatewaySelector: string | undefined
}): Promise<ClusterFindings> {
  await step('istioctl is there', checkIstioctl)
  await step('the cluster answers', checkCluster)
  await step('the API server can keep the key in its container', checkAdmissionKinds)
  await step("the cluster knows Istio's resources", checkIstioKinds)
  const injector = await step('Istio injects sidecars', async () =>
    chooseInjector(await listInjectors(), wanted.revision),
  )
  await step('Istio is new enough', () => checkIstioVersion(injector))
  await step("Istio's CNI plugin sets up Pods", () => checkCniPlugin(injector))
  const [trustDomain, gateway, tokens] = await step('trust domain, gateway and token issuer', () =>
    Promise.all([
      readTrustDomain(injector),
      findIngressGateway(wanted.gatewaySelector),
      readTokenIssuer(),
    ]),
  )
  return { trustDomain, gateway, injector, tokens }
}
