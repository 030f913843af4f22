// How our Pods are identified, and how policies find them.
import { protectedLabel } from '../../kube/names.ts'
import { readPods } from '../model/pod.ts'
import type { Rule } from '../rule.ts'

export const identityRules: readonly Rule[] = [
  {
    name: 'protected-label',
    title: 'our Pods have the label by which the policies select them',
    find: (resources) =>
      readPods(resources)
        .filter(({ metadata }) => metadata.labels[protectedLabel] !== 'true')
        .map(({ resource, path }) => ({
          resource,
          path: [...path, 'metadata', 'labels', protectedLabel],
          message: `without the label ${protectedLabel}, no policy applies to the Pod: set it to "true"`,
        })),
  },
]
