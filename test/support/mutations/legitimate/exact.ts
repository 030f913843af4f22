// Changes of exact resources that users and tools make, and that change no decision.
import { readTokens } from '../../../../tools/analyze/released/cel.ts'
import type { Resource } from '../../../../tools/kube/resources.ts'
import type { Random } from '../../audit/mutations.ts'
import { listExact } from '../renderings.ts'

/** Changes one exact resource, or adds resources. */
type Harmless = (resources: readonly Resource[], random: Random) => Resource[]

const marks = {
  'argocd.argoproj.io/tracking-id': 'signing:admissionregistration.k8s.io/x:y/z',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
  'app.kubernetes.io/managed-by': 'Helm',
  'team.example/owner': 'payments',
}
/** What the API server adds to what it stores. */
const standard = { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} }
const theirs: Resource[] = [
  {
    ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy' },
    metadata: { name: 'secure-signing-of-another-team' },
    spec: { failurePolicy: 'Ignore', validations: [{ expression: 'false' }] },
  },
  {
    ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding' },
    metadata: { name: 'secure-signing-of-another-team' },
    spec: { policyName: 'secure-signing-of-another-team', validationActions: ['Audit'] },
  },
]

export const harmless: Readonly<Record<string, Harmless>> = {
  labels: change((each) => mark(each, 'labels')),
  annotations: change((each) => mark(each, 'annotations')),
  'no labels': change((each) => ({ ...each, metadata: { ...each.metadata, labels: undefined } })),
  'another order of keys': change(reverseKeys),
  'another order of lists': change((each) => rewrite(each, reorder)),
  'other line breaks in expressions': change((each) => rewrite(each, reflow)),
  'other messages': change((each) => rewrite(each, reword)),
  'defaults of the API server': change((each) => rewrite(each, addStandard)),
  'an immutable ConfigMap': change((each) =>
    each.kind === 'ConfigMap' ? { ...each, immutable: true } : each,
  ),
  'a policy of another team': (resources) => [...theirs, ...resources],
  'another order of resources': (resources) => resources.toReversed(),
}

/** Makes up to three of these changes, one after the other. */
export function changeHarmlessly(resources: readonly Resource[], random: Random) {
  const names = Object.keys(harmless)
  const chosen = Array.from({ length: 1 + random(3) }, () => names[random(names.length)] ?? '')
  return {
    names: chosen,
    resources: chosen.reduce((each, name) => harmless[name]?.(each, random) ?? [], [...resources]),
  }
}

function change(one: (resource: Resource) => Resource): Harmless {
  return (resources, random) => {
    const exact = listExact(resources)
    const chosen = exact[random(exact.length)]
    return resources.map((each) => (each === chosen ? one(each) : each))
  }
}

function mark(resource: Resource, field: 'labels' | 'annotations'): Resource {
  const { metadata } = resource
  return { ...resource, metadata: { ...metadata, [field]: { ...metadata[field], ...marks } } }
}

/** Applies `one` to each value in `spec`, the inner ones first. */
function rewrite(resource: Resource, one: (value: unknown, key: string) => unknown): Resource {
  const { spec } = resource
  if (spec === undefined) return resource
  return { ...resource, spec: JSON.parse(JSON.stringify(spec), (key, value) => one(value, key)) }
}

/** A variable may use only those before it. */
function reorder(value: unknown, key: string): unknown {
  return Array.isArray(value) && key !== 'variables' ? value.toReversed() : value
}

function reflow(value: unknown, key: string): unknown {
  if (key !== 'expression') return value
  return readTokens(String(value))
    .map(({ text }) => text)
    .join(' // a comment\n')
}

function reword(value: unknown, key: string): unknown {
  if (key === 'message') return 'not here'
  return key === 'messageExpression' ? "'not here'" : value
}

function addStandard(value: unknown, key: string): unknown {
  if (key === 'matchConstraints' || key === 'matchResources')
    return { ...standard, ...Object(value) }
  const isRule = typeof value === 'object' && value !== null && 'apiGroups' in value
  return isRule ? { scope: '*', ...value } : value
}

function reverseKeys(resource: Resource): Resource {
  return JSON.parse(JSON.stringify(resource), (_, value) => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isMap ? Object.fromEntries(Object.entries(value).toReversed()) : value
  })
}
