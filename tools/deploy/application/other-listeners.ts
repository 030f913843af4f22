// The other ports of the Pod that Services lead to, for example for metrics. Istio serves them by itself, but not beside a Sidecar
// that lists some, as ours does.
import {
  listServedPorts,
  type Manifest,
  type ServedPort,
} from '../../kube/application/manifests.ts'
import type { ApplicationPod } from '../../kube/application/pod.ts'
import { signerPort } from '../../kube/names.ts'
import type { Operation } from './own-sidecar.ts'

/** The names by which Istio knows the protocol of a Service's port, and the names that a Sidecar has for them. */
const protocols: Readonly<Record<string, string>> = {
  ...{ http: 'HTTP', http2: 'HTTP2', grpc: 'GRPC', 'grpc-web': 'GRPC-WEB' },
  ...{ https: 'HTTPS', tls: 'TLS', tcp: 'TCP', mongo: 'MONGO', redis: 'TCP', mysql: 'TCP' },
  ...{ 'kubernetes.io/h2c': 'HTTP2', 'kubernetes.io/ws': 'HTTP', 'kubernetes.io/wss': 'HTTPS' },
}

/** `listed`: the ports that have a listener. */
export function addOtherListeners(
  pod: ApplicationPod,
  manifests: readonly Manifest[],
  listed: readonly number[],
): Operation[] {
  const known = [...listed, signerPort]
  const others = listServedPorts(pod, manifests).filter(({ leadsTo }) => !known.includes(leadsTo))
  const byPort = new Map(others.toReversed().map((each) => [each.leadsTo, each]))
  return [...byPort.values()].toReversed().map((each) => ({
    ...{ op: 'add', path: '/spec/ingress/-' },
    value: { port: composePort(each) },
  }))
}

/** Without a protocol, Istio detects it. */
function composePort({ leadsTo: number, name = '', appProtocol }: ServedPort) {
  const protocol =
    protocols[appProtocol?.toLowerCase() ?? ''] ??
    protocols[name] ??
    protocols[name.startsWith('grpc-web') ? 'grpc-web' : name.replace(/-.*/, '')]
  return { number, name: name || `port-${number}`, ...(protocol !== undefined && { protocol }) }
}
