// Resources of others that configure the proxies of our Pods: Sidecar, EnvoyFilter, WasmPlugin and the like, Telemetry.
import type { Resource } from '../../kube/resources.ts'
import { valueAt } from '../finding.ts'
import { type Judgment, judge } from './judgment.ts'
import { type LiveSubject, listSelected, sortByAge } from './subject.ts'

/** Filters that enforce the controls, by a part of their names. */
const enforcing = /rbac|jwt_authn|istio_authn|peer_metadata|transport_socket|transport_sockets/i
/** The operations that can remove or change what is there. The others add something beside it. */
const changes = /^(MERGE|REMOVE|REPLACE)$/
/** The headers with the caller token, and with tokens of clients. */
const tokenHeader = /"(?:caller-token|authorization)"/i
const matchLabels = ['spec', 'selector', 'matchLabels']

export function judgeSidecars(subject: LiveSubject): Judgment[] {
  const sidecars = [...subject.ours, ...subject.others].filter(
    ({ kind, metadata }) => kind === 'Sidecar' && metadata.namespace === subject.namespace,
  )
  const labelsOf = (each: Resource) => valueAt(each, ['spec', 'workloadSelector', 'labels'])
  const selecting = sortByAge(subject, sidecars).filter(
    (each) => labelsOf(each) !== undefined && listSelected(subject, labelsOf(each)).length > 0,
  )
  const [oldest] = selecting
  return selecting
    .filter((each) => !subject.ours.includes(each))
    .map((each) =>
      each === oldest
        ? judge('breaks', each, 'it selects our Pods and is older, so our Sidecar has no effect')
        : judge(
            'weakens',
            each,
            'it selects our Pods. It takes effect as soon as ours is replaced',
          ),
    )
}

export function judgeExtensions(subject: LiveSubject): Judgment[] {
  return listApplying(subject).flatMap((each) => {
    switch (each.kind) {
      case 'EnvoyFilter':
        return judgeFilter(each)
      case 'WasmPlugin':
      case 'TrafficExtension':
        return [
          judge('weakens', each, 'it runs code in our proxies, which sees messages and tokens'),
        ]
      case 'Telemetry':
        return tokenHeader.test(JSON.stringify(each.spec))
          ? [judge('weakens', each, 'it copies a header with a token into traces or logs')]
          : []
      case 'ProxyConfig':
        return [judge('note', each, 'it changes our proxies. Annotations of our Pods win over it')]
      default:
        return []
    }
  })
}

function judgeFilter(resource: Resource): Judgment[] {
  const patches = valueAt(resource, ['spec', 'configPatches'])
  const list: unknown[] = Array.isArray(patches) ? patches : []
  const ofSidecars = list.filter((each) => valueAt(each, ['match', 'context']) !== 'GATEWAY')
  if (ofSidecars.length === 0) return []
  const changing = ofSidecars.filter(
    (each) =>
      changes.test(String(valueAt(each, ['patch', 'operation']))) &&
      enforcing.test(JSON.stringify(each)),
  )
  return [
    changing.length > 0
      ? judge(
          'breaks',
          resource,
          'it changes the filters that check identities, tokens or policies',
        )
      : judge('weakens', resource, 'it changes our proxies, which no rule can judge'),
  ]
}

/** Lists resources of others in our namespace and in the root namespace that select our Pods. */
function listApplying(subject: LiveSubject): Resource[] {
  return subject.others
    .filter(({ metadata }) => [subject.namespace, subject.root].includes(metadata.namespace ?? ''))
    .filter((each) => valueAt(each, ['spec', 'targetRefs']) === undefined)
    .filter((each) => valueAt(each, ['spec', 'targetRef']) === undefined)
    .filter((each) => {
      const selector =
        valueAt(each, matchLabels) ?? valueAt(each, ['spec', 'workloadSelector', 'labels'])
      return listSelected(subject, selector).length > 0
    })
}
