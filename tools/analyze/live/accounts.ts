// Pods of others with the ServiceAccount of ours. The mesh takes them for the application.
import type { Resource } from '../../kube/resources.ts'
import { valueAt } from '../finding.ts'
import { listAccounts } from '../model/application.ts'
import { matches } from '../model/namespace.ts'
import { findOurResources } from '../model/pod.ts'
import { type Judgment, judge } from './judgment.ts'
import type { LiveSubject } from './subject.ts'

const ended = ['Succeeded', 'Failed']

export function judgeAccounts({ ours, others, application, namespace }: LiveSubject): Judgment[] {
  const { frontend, signer } = listAccounts(ours, application)
  const selectors = findOurResources(ours).map((each) =>
    valueAt(each, ['spec', 'selector', 'matchLabels']),
  )
  const found = others
    .filter(({ kind, metadata }) => kind === 'Pod' && metadata.namespace === namespace)
    .filter((pod) => !ended.includes(String(valueAt(pod, ['status', 'phase']))))
    .filter((pod) => !selectors.some((each) => matches(each, pod.metadata.labels)))
    .filter((pod) => [frontend, signer].includes(accountOf(pod)))
  // One of the Pods of each workload is enough.
  const byOwner = new Map(found.map((pod) => [ownerOf(pod), pod]))
  return [...byOwner.values()].map((pod) => ({
    ...judge(
      'weakens',
      pod,
      `it has the ServiceAccount ${accountOf(pod)} of the application. So it has the application's identity, and can have its token: it reads readiness and metrics of the signer. It gets no signature, because pairing refuses it`,
    ),
    todo: 'Give its workload another ServiceAccount',
  }))
}

function accountOf(pod: Resource): string {
  return String(valueAt(pod, ['spec', 'serviceAccountName']) ?? 'default')
}

function ownerOf(pod: Resource): string {
  return String(valueAt(pod, ['metadata', 'ownerReferences', 0, 'uid']) ?? pod.metadata.name)
}
