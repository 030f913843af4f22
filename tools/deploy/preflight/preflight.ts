// Checks the cluster and reads its values, before a deployment changes anything.
import { step } from '../../cli/terminal.ts'
import { checkCluster, checkIstioctl } from '../../kube/check-cluster.ts'
import { type ControlPlane, readControlPlane } from '../../kube/control-plane.ts'
import { findPublicRoute, type WantedRoute } from '../../kube/gateway/public-route.ts'
import {
  checkCniPlugin,
  checkIstioKinds,
  checkIstioVersion,
  readTrustDomain,
} from '../../kube/istio-checks.ts'
import type { Layout } from '../../kube/layouts.ts'
import { findInjector } from '../../kube/sidecar-injector.ts'
import { readTokenIssuer } from '../../kube/token-issuer.ts'
import type { ClusterFindings } from '../render/cluster-values.ts'
import { chooseTokenKeys } from '../token-keys/token-keys.ts'
import { checkAdmissionKinds } from './admission.ts'
import { describeRoute } from './describe-route.ts'

export type InspectedMesh = ClusterFindings & { controlPlane: ControlPlane }

export type WantedMesh = {
  revision: string | undefined
  route: WantedRoute
  tokenKeys: string | undefined
}

/**
 * Runs the checks, and prints one line for each. Throws UserError at the first that fails. Returns what it found about Istio, or
 * undefined for a layout without a mesh.
 */
export async function inspectCluster(
  { isMeshed }: Layout,
  wanted: WantedMesh,
): Promise<InspectedMesh | undefined> {
  if (isMeshed) await step('istioctl is installed', checkIstioctl)
  await step('the cluster answers', checkCluster)
  await step('the API server supports admission policies', checkAdmissionKinds)
  return isMeshed ? inspectMesh(wanted) : undefined
}

async function inspectMesh(wanted: WantedMesh): Promise<InspectedMesh> {
  await step("the API server has Istio's resource kinds", checkIstioKinds)
  const injector = await step('Istio injects sidecars', () => findInjector(wanted.revision))
  const controlPlane = await readControlPlane(injector)
  await step('Istio is new enough', () => checkIstioVersion(controlPlane))
  await step('Istio uses its CNI plugin', async () => checkCniPlugin(controlPlane))
  const route = await step('a gateway serves the public route', () => findPublicRoute(wanted.route))
  const [trustDomain, issuer] = await step('trust domain and token issuer are found', () =>
    Promise.all([
      readTrustDomain(controlPlane, route.workloads[0]?.namespace ?? ''),
      readTokenIssuer(),
    ]),
  )
  await describeRoute(route, trustDomain)
  const tokens = await chooseTokenKeys(issuer, wanted.tokenKeys)
  return { trustDomain, route, injector, tokens, controlPlane }
}
