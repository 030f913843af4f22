// Which PeerAuthentication counts for our Pods. Istio takes the oldest of each level: mesh, namespace, and selected Pods.
import { z } from 'zod'
import { namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { readAt } from '../finding.ts'
import { selects } from '../model/namespace.ts'
import { findOurResources } from '../model/pod.ts'
import { type Judgment, judge } from './judgment.ts'
import { type LiveSubject, sortByAge } from './subject.ts'

const mode = z.object({ mode: z.string().default('UNSET') }).default({ mode: 'UNSET' })
const peerSpec = z
  .object({
    selector: z
      .object({ matchLabels: z.record(z.string(), z.string()).default({}) })
      .default({ matchLabels: {} }),
    mtls: mode,
    portLevelMtls: z.record(z.string(), mode).default({}),
  })
  .default({ selector: { matchLabels: {} }, mtls: { mode: 'UNSET' }, portLevelMtls: {} })

type Peer = z.infer<typeof peerSpec> & { resource: Resource }

/** Finds policies of others that make the proxy of our Pods accept plain text, or would do so without ours. */
export function judgePeerAuthentications(subject: LiveSubject): Judgment[] {
  const all = [...subject.ours, ...subject.others].filter(
    ({ kind, metadata }) => kind === 'PeerAuthentication' && metadata.namespace === namespace,
  )
  const peers = sortByAge(subject, all).map((resource) => ({
    resource,
    ...readAt(peerSpec, resource),
  }))
  const [oldest] = peers.filter((each) => !hasSelector(each))
  const workloads = findOurResources(subject.ours)
  const inEffect = new Set(
    workloads.map((workload) =>
      peers.find((each) => hasSelector(each) && selects(each.selector.matchLabels, workload)),
    ),
  )
  return peers
    .filter(({ resource }) => !subject.ours.includes(resource))
    .filter(
      (each) =>
        !hasSelector(each) ||
        workloads.some((workload) => selects(each.selector.matchLabels, workload)),
    )
    .flatMap((each) => describe(each, each === oldest || inEffect.has(each)))
}

function describe(peer: Peer, isInEffect: boolean): Judgment[] {
  const { resource, mtls, portLevelMtls } = peer
  const ports = hasSelector(peer) ? Object.values(portLevelMtls) : []
  const weak = [mtls, ...ports].find((each) => each.mode !== 'STRICT')?.mode
  if (!isInEffect) {
    if (weak === undefined) return []
    const message = `it sets mTLS ${weak}, and takes effect as soon as our older policy is replaced`
    return [judge('weakens', resource, message)]
  }
  const oldest = hasSelector(peer)
    ? 'it is the oldest PeerAuthentication that selects our Pods, so ours has no effect'
    : 'it is the oldest PeerAuthentication for the whole namespace, so require-mtls has no effect'
  if (weak === undefined) return [judge('note', resource, `${oldest}. It is STRICT too`)]
  return hasSelector(peer)
    ? [judge('breaks', resource, `mTLS ${weak} accepts plain text: ${oldest}`)]
    : [
        judge(
          'weakens',
          resource,
          `mTLS ${weak} accepts plain text: ${oldest}. require-mtls-of-pods keeps our Pods STRICT`,
        ),
      ]
}

function hasSelector({ selector }: Peer): boolean {
  return Object.keys(selector.matchLabels).length > 0
}
