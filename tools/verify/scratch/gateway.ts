// An ingress gateway of its own for a scratch namespace, in a namespace beside it. So no live gateway has a route to it. Istio
// fills in the image of the proxy.
import type { Resource } from '../../kube/resources.ts'
import { selectorOf } from './isolate.ts'

/** Its ServiceAccount, and the name of everything else. */
export const gatewayAccount = 'scratch-gateway'
/** What follows the name of the scratch namespace and a hyphen. */
export const gatewaySuffix = 'gateway'
/** The template of a gateway leaves this to the Deployment. */
const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }

/** Returns its identity as in a policy. `where`: the namespace of its Pods. */
export function identityOf(trustDomain: string, where: string): string {
  return `${trustDomain}/ns/${where}/sa/${gatewayAccount}`
}

/**
 * `namespace`: the scratch namespace. `revision`: the value of istio.io/rev that injects. `phase`: another one makes another Pod. For a
 * while, a proxy decides by its former policies about requests over connections that are open.
 */
export function composeScratchGateway(
  namespace: string,
  where: string,
  revision: string,
  phase = '',
): Resource[] {
  const selector = selectorOf({ namespace })
  const metadata = { name: gatewayAccount, namespace: where }
  const injection = { 'sidecar.istio.io/inject': 'true', 'istio.io/rev': revision }
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata },
      spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
      spec: {
        selector: { matchLabels: selector },
        strategy: { type: 'Recreate' },
        template: {
          metadata: {
            labels: { ...selector, ...injection },
            annotations: {
              'inject.istio.io/templates': 'gateway',
              'secure-signing.dev/scratch-phase': phase,
            },
          },
          spec: {
            serviceAccountName: gatewayAccount,
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                ...{ name: 'istio-proxy', image: 'auto', imagePullPolicy: 'IfNotPresent' },
                securityContext: restricted,
              },
            ],
          },
        },
      },
    },
  ]
}
