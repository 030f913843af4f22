// NetworkPolicies of others that select our Pods. What several of them allow adds up, so each can open what ours keep closed.
import { z } from 'zod'
import { labelSelector, selectsLabels } from '../../kube/label-selector.ts'
import type { Resource } from '../../kube/resources.ts'
import { readAt } from '../finding.ts'
import { findOurResources, readLabels } from '../model/pod.ts'
import { type Judgment, judge } from './judgment.ts'
import type { LiveSubject } from './subject.ts'

const selector = labelSelector.prefault({})
const peer = z.looseObject({
  podSelector: labelSelector.optional(),
  namespaceSelector: labelSelector.optional(),
  ipBlock: z.object({ cidr: z.string() }).optional(),
})
const peers = z.array(peer).default([])
const policySpec = z.looseObject({
  podSelector: selector,
  ingress: z.array(z.looseObject({ from: peers })).default([]),
  egress: z.array(z.looseObject({ to: peers })).default([]),
})
const everywhere = /^(0\.0\.0\.0|::)\/0$/

export function judgeNetworkPolicies({ ours, others, namespace }: LiveSubject): Judgment[] {
  const isPolicy = ({ kind, metadata }: Resource) =>
    kind === 'NetworkPolicy' && metadata.namespace === namespace
  const pods = findOurResources(ours).map((each) => Object(readLabels(each)))
  const isProtected = ours.some(isPolicy)
  return others.filter(isPolicy).flatMap((each) => {
    const { podSelector, ingress, egress } = readAt(policySpec, each)
    if (!pods.some((labels) => selectsLabels(podSelector, labels))) return []
    if (!isProtected) {
      const message =
        'it selects our Pods, and blocks what it does not allow: they need the gateway, istiod, DNS and kubelet'
      return [judge('note', each, message)]
    }
    const rules = [
      ...ingress.map(({ from }) => ({ direction: 'from', list: from })),
      ...egress.map(({ to }) => ({ direction: 'to', list: to })),
    ]
    const [first] = rules
    if (first === undefined) return []
    const open = rules.find(({ list }) => list.length === 0 || list.some(isEverywhere))
    return open === undefined
      ? [
          judge(
            'note',
            each,
            `it also allows connections ${first.direction} some peers of our Pods`,
          ),
        ]
      : [
          judge(
            'weakens',
            each,
            `it allows connections ${open.direction} everywhere for our Pods, which ours keep closed`,
          ),
        ]
  })
}

/** All Pods of all namespaces, or all addresses. */
function isEverywhere({ podSelector, namespaceSelector, ipBlock }: z.infer<typeof peer>): boolean {
  const isAll = (each: z.infer<typeof labelSelector> | undefined) =>
    each !== undefined && Object.keys(each.matchLabels).length + each.matchExpressions.length === 0
  if (ipBlock !== undefined) return everywhere.test(ipBlock.cidr)
  return isAll(namespaceSelector) && (podSelector === undefined || isAll(podSelector))
}
