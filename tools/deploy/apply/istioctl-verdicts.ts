// Which messages of istioctl analyze mean that our Pods are open or do not work. The others are notes, because what works is not
// refused. They include codes of newer versions, and messages about resources of others.
import { describeResource, type Resource } from '../../kube/resources.ts'
import type { Message } from './istioctl-false-positives.ts'

/** Code → what breaks. */
const breaking: Readonly<Record<string, string>> = {
  IST0101: 'a host, gateway or selector does not exist, so a route or policy does nothing',
  IST0103: 'a Pod has no proxy, so nothing checks its callers',
  IST0106: 'Istio does not accept the resource',
  IST0110: 'two Sidecars select one Pod, and the older wins',
  IST0112: 'a route does not say to which port',
  IST0125: 'an annotation is invalid, so injection fails',
  IST0127: 'a policy selects no Pod, so it protects none',
  IST0132: 'the Gateway does not serve the host of the route',
  IST0134: 'a ServiceEntry without an address takes every address',
  IST0144: 'a container runs as the user whose traffic goes around the proxy',
  IST0173: 'a subset has no Pod, so its requests fail',
  IST0174: 'a DestinationRule is for no host, so mTLS or its limits are missing',
}
/*
 * Decided as notes, for example:
 * - IST0123, several injection labels: our Pods ask for a sidecar by their own labels.
 * - IST0001, IST0139, IST0142, IST0156, IST0171, IST0172, IST0175 and IST0176 are about the installation.
 * - IST0002, IST0107, IST0108, IST0133, IST0135 and IST0136: what the API server and our own rules do not refuse works.
 * - IST0109, IST0130 and IST0131: our own rules judge routes.
 * - IST0111, a second Sidecar without selector: ours has one.
 * - IST0116, IST0118, IST0137, IST0143 and IST0170: our Service names its protocol and its ports.
 * - IST0145, two Gateways for one port and host: ours is plain HTTP, and istiod joins the routes of both.
 * - IST0158, other proxy images: the next rollout renews them.
 * - IST0159, IST0160, telemetry, and IST0161, certificates of gateways: no control depends on them.
 * - IST0162, a gateway's Service lacks the port: hostPorts and other Services work. The last step sends a request.
 */

/** Splits `messages` into those that stop a deployment, and notes. `ours` are the resources that are applied. */
export function splitByVerdict(
  messages: readonly Message[],
  ours: readonly Resource[],
): { problems: Message[]; notes: Message[] } {
  const { problems = [], notes = [] } = Object.groupBy(messages, (each) =>
    each.code in breaking && isAbout(each, ours) ? 'problems' : 'notes',
  )
  return { problems, notes }
}

/** `origin` is "<kind> <namespace>/<name>", or "<kind> <name>". Pods have the names of their Deployments. */
function isAbout({ origin, reference }: Message, ours: readonly Resource[]): boolean {
  const [kind = '', place = ''] = origin.split(' ')
  const name = place.split('/').at(-1) ?? ''
  if (origin === '') return reference !== ''
  return ours.some(
    (each) =>
      describeResource(each) === `${kind}/${name}` ||
      (kind === 'Pod' && each.kind === 'Deployment' && name.startsWith(`${each.metadata.name}-`)),
  )
}
