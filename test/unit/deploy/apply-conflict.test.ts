// What to do when another field manager owns fields that make deploy applies.
import { expect, test } from 'vitest'
import { adviseOnConflict } from '../../../tools/deploy/apply/apply.ts'

const several =
  'error: Apply failed with 2 conflicts: conflicts with "kubectl-client-side-apply" using apps/v1:\n- .spec.a\n- .spec.b'
const onServer = several.replace('kubectl-client-side-apply', 'kubectl')
const edited = several.replace('kubectl-client-side-apply', 'kubectl-edit')
const one = 'error: Apply failed with 1 conflict: conflict with "helm" using apps/v1: .spec.a'

test.each([
  ['kubectl apply', several, 'You or a pipeline set these fields with `kubectl apply`'],
  [
    'kubectl apply --server-side',
    onServer,
    'You or a pipeline set these fields with `kubectl apply`',
  ],
  ['kubectl edit', edited, 'Find out who set these fields'],
  ['another tool', one, 'Find out who set these fields'],
  ['both', `${several}\n${one}`, 'Find out who set these fields'],
])('a conflict with %s', (_, output, expected) => {
  const advice = adviseOnConflict(output)
  expect(advice).toContain(expected)
  expect(advice).toContain('FORCE_CONFLICTS=yes')
})
