// Our Pods are what this version ships, apart from what users may vary.
import { judgePods } from '../released/pod/judge-pod.ts'
import { listScopes } from '../released/scope.ts'
import type { Rule } from '../rule.ts'

export const podAsReleasedRule: Rule = {
  name: 'pod-as-released',
  title: 'the signer, its volumes and the settings of its Pod are what this version ships',
  compares: true,
  find: (resources, application) => listScopes(resources, application).flatMap(judgePods),
}
