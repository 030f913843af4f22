// Checks the cluster and reads its values, before a deployment changes anything.
import { step } from '../../cli/terminal.ts'
import { checkCluster, checkIstioctl } from '../../kube/check-cluster.ts'
import { type ControlPlane, readControlPlane } from '../../kube/control-plane.ts'
import { findIngressGateway } from '../../kube/ingress-gateway.ts'
import {
  checkCniPlugin,
  checkIstioKinds,
  checkIstioVersion,
  readTrustDomain,
} from '../../kube/istio-checks.ts'
import { findInjector } from '../../kube/sidecar-injector.ts'
import { readTokenIssuer } from '../../kube/token-issuer.ts'
import type { ClusterFindings } from '../render/cluster-values.ts'
import { chooseTokenKeys } from '../token-keys/token-keys.ts'
import { checkAdmissionKinds } from './admission.ts'

/** Runs the checks, and prints one line for each. Throws UserError at the first that fails. */
export async function inspectCluster(wanted: {
  revision: string | undefined
  gatewaySelector: string | undefined
  tokenKeys: string | undefined
}): Promise<ClusterFindings & { controlPlane: ControlPlane }> {
  await step('istioctl is installed', checkIstioctl)
  await step('the cluster answers', checkCluster)
  await step('the API server supports admission policies', checkAdmissionKinds)
  await step("the API server has Istio's resource kinds", checkIstioKinds)
  const injector = await step('Istio injects sidecars', () => findInjector(wanted.revision))
  const controlPlane = await readControlPlane(injector)
  await step('Istio is new enough', () => checkIstioVersion(controlPlane))
  await step('Istio uses its CNI plugin', async () => checkCniPlugin(controlPlane))
  const [trustDomain, gateway, issuer] = await step(
    'trust domain, ingress gateway and token issuer are found',
    async () => {
      const [found, tokens] = await Promise.all([
        findIngressGateway(wanted.gatewaySelector),
        readTokenIssuer(),
      ])
      return [await readTrustDomain(controlPlane, found.namespace), found, tokens] as const
    },
  )
  const tokens = await chooseTokenKeys(issuer, wanted.tokenKeys)
  return { trustDomain, gateway, injector, tokens, controlPlane }
}
