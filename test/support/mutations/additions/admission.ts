// What widens an admission policy or its binding.
import type { Additions } from './addition.ts'
import { add, set } from './addition.ts'

const anyResource = {
  ...{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['*'] },
}
const labelled = { matchLabels: { added: 'true' } }

export const policy: Additions = () => [
  add(['spec', 'matchConditions'], { name: 'added', expression: 'false' }),
  add(['spec', 'variables'], { name: 'added', expression: 'true' }),
  add(['spec', 'matchConstraints', 'excludeResourceRules'], anyResource),
  set(['spec', 'failurePolicy'], 'Ignore'),
  set(['spec', 'paramKind'], { apiVersion: 'v1', kind: 'ConfigMap' }),
  set(['spec', 'matchConstraints', 'matchPolicy'], 'Exact'),
  set(['spec', 'matchConstraints', 'objectSelector'], labelled),
  set(['spec', 'matchConstraints', 'namespaceSelector'], labelled),
  set(['spec', 'matchConstraints', 'resourceRules', 0, 'resourceNames'], ['added']),
  set(['spec', 'matchConstraints', 'resourceRules', 0, 'scope'], 'Cluster'),
]

export const binding: Additions = () => [
  add(['spec', 'matchResources', 'excludeResourceRules'], anyResource),
  add(['spec', 'matchResources', 'namespaceSelector', 'matchExpressions'], {
    ...{ key: 'added', operator: 'Exists' },
  }),
  set(['spec', 'paramRef'], { name: 'added', parameterNotFoundAction: 'Allow' }),
  set(['spec', 'matchResources', 'matchPolicy'], 'Exact'),
  set(['spec', 'matchResources', 'objectSelector'], labelled),
  set(['spec', 'matchResources', 'namespaceSelector', 'matchLabels', 'added'], 'true'),
  set(['spec', 'matchResources', 'resourceRules'], [anyResource]),
]
