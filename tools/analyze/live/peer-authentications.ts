// Which PeerAuthentication counts for our Pods. Istio takes the oldest of each level: mesh, namespace, and selected Pods.
import { z } from 'zod'
import { signerPort } from '../../kube/names.ts'
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
    ({ kind }) => kind === 'PeerAuthentication',
  )
  const peers = sortByAge(subject, all).map((resource) => ({
    resource,
    ...readAt(peerSpec, resource),
  }))
  const here = peers.filter(({ resource }) => resource.metadata.namespace === subject.namespace)
  const [meshWide] = peers.filter(
    (each) => each.resource.metadata.namespace === subject.root && !hasSelector(each),
  )
  const [oldest] = here.filter((each) => !hasSelector(each))
  const ofMesh = inherit(meshWide, 'PERMISSIVE')
  const ofNamespace = inherit(oldest, ofMesh)
  const workloads = findOurResources(subject.ours)
  // The ports on which our proxies listen.
  const ports = [String(subject.application.port), String(signerPort)]
  const inEffect = new Set(
    workloads.map((workload) =>
      here.find((each) => hasSelector(each) && selects(each.selector.matchLabels, workload)),
    ),
  )
  return here
    .filter(({ resource }) => !subject.ours.includes(resource))
    .filter(
      (each) =>
        !hasSelector(each) ||
        workloads.some((workload) => selects(each.selector.matchLabels, workload)),
    )
    .flatMap((each) => {
      const weak = findWeak(each, hasSelector(each) ? ofNamespace : ofMesh, ports)
      return describe(each, weak, each === oldest || inEffect.has(each))
    })
}

/** `weak`: a mode that is not STRICT. */
function describe(peer: Peer, weak: string | undefined, isInEffect: boolean): Judgment[] {
  const { resource } = peer
  if (!isInEffect) {
    if (weak === undefined) return []
    const message = `it sets mTLS ${weak}, and takes effect as soon as our older policy is replaced`
    return [judge('weakens', resource, message)]
  }
  const oldest = hasSelector(peer)
    ? 'it is the oldest PeerAuthentication that selects our Pods, so ours has no effect'
    : 'it is the oldest PeerAuthentication for the whole namespace, so signer-require-mtls has no effect'
  if (weak === undefined) return [judge('note', resource, `${oldest}. mTLS stays STRICT`)]
  return hasSelector(peer)
    ? [judge('breaks', resource, `mTLS ${weak} accepts plain text: ${oldest}`)]
    : [
        judge(
          'weakens',
          resource,
          `mTLS ${weak} accepts plain text: ${oldest}. signer-require-mtls keeps our Pods STRICT`,
        ),
      ]
}

/** A mode that is not set is that of the next larger scope. */
function inherit(peer: Peer | undefined, larger: string): string {
  return peer === undefined || peer.mtls.mode === 'UNSET' ? larger : peer.mtls.mode
}

/** Only a policy with a selector can set a mode for a port. */
function findWeak(peer: Peer, larger: string, ports: readonly string[]): string | undefined {
  const own = inherit(peer, larger)
  const given = ports.map((port) => peer.portLevelMtls[port]?.mode ?? 'UNSET')
  const modes = hasSelector(peer) ? given.map((each) => (each === 'UNSET' ? own : each)) : []
  return [own, ...modes].find((each) => each !== 'STRICT')
}

function hasSelector({ selector }: Peer): boolean {
  return Object.keys(selector.matchLabels).length > 0
}
