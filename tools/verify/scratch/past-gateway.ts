// A caller with the identity of the ingress gateway that does not keep to its routes: as the policies see a compromised gateway. So
// a path that a policy opens is seen, although no route leads there yet.
import { readVariable } from '../../cli/make-variables.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { port, signerPort } from '../../kube/names.ts'
import { findInjector } from '../../kube/sidecar-injector.ts'
import type { Container } from '../attack/containers.ts'
import type { Target } from '../attack/target.ts'
import { waitForPod } from '../attack/wait-for-pod.ts'
import type { Expectations } from '../matrix/expectations.ts'
import { gatewayAccount, gatewaySuffix } from './gateway.ts'

const caller = {
  id: 'past-gateway',
  name: "a Pod with the gateway's identity, past its routes",
  shows: 'nothing',
}
/** One of 192.0.2.0/24, which is reserved for documentation (RFC 5737). */
const address = '192.0.2.69'

/** Starts its Pod. Returns `expected` with this caller. */
export async function addPastGateway(
  target: Target,
  expected: Expectations,
): Promise<Expectations> {
  const from: Container = {
    namespace: `${target.frontend.namespace}-${gatewaySuffix}`,
    pod: caller.id,
    container: 'attacker',
  }
  const { label } = await findInjector(readVariable('ISTIO_REVISION'))
  await remove(from)
  const items = composeResources(from, target, label)
  await kubectl(['apply', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  })
  await waitForPod(from, target.nodeImage)
  return {
    ...expected,
    callers: [...expected.callers, caller],
    declare: (id, request) => {
      if (id !== caller.id) return expected.declare(id, request)
      return { verdict: request === 'application' ? 'served' : 'policy', by: [] }
    },
    approaches: { [caller.id]: { from, host: address, shows: {} } },
  }
}

/** The Pod of an earlier measurement has open connections. */
async function remove({ namespace, pod }: Container): Promise<void> {
  await kubectl(['delete', 'pod', pod, '-n', namespace, '--ignore-not-found', '--grace-period=0'])
}

function composeResources(
  { namespace, pod, container }: Container,
  { nodeImage, podIP, signerIP }: Target,
  revision: string,
): object[] {
  const host = (name: string) => `${name}.${caller.id}.internal`
  const entry = (name: string, number: number, endpoint: string) => ({
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry' },
    metadata: { name, namespace },
    spec: {
      ...{ hosts: [host(name)], exportTo: ['.'], addresses: [address] },
      ...{ location: 'MESH_INTERNAL', resolution: 'STATIC' },
      ports: [{ number, name: `tcp-${name}`, protocol: 'TCP' }],
      endpoints: [{ address: endpoint }],
    },
  })
  return [
    entry('application', port, podIP),
    entry('signer', signerPort, signerIP),
    {
      ...{ apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule' },
      metadata: { name: caller.id, namespace },
      spec: {
        ...{ host: host('*'), exportTo: ['.'] },
        trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
      },
    },
    {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: {
        ...{ name: pod, namespace },
        labels: { 'sidecar.istio.io/inject': 'true', 'istio.io/rev': revision },
      },
      spec: {
        ...{ serviceAccountName: gatewayAccount, automountServiceAccountToken: false },
        terminationGracePeriodSeconds: 0,
        securityContext: {
          ...{ runAsNonRoot: true, runAsUser: 10_003 },
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            ...{ name: container, image: nodeImage },
            command: ['/nodejs/bin/node', '-e', 'setInterval(() => {}, 1e9)'],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    },
  ]
}
