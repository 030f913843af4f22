// Compares our mesh resources with their deployed state: one that is missing, or that somebody changed so that it breaks a rule.
import { type Resource, resourceKey } from '../../kube/resources.ts'
import type { Application } from '../model/application.ts'
import { applyRules, type RuleFinding } from '../rule.ts'
import { meshRules } from '../rules.ts'
import { type Judgment, nameOf } from './judgment.ts'

const restore = 'Run `make deploy`, which restores it'

/** `ours` are the resources that `make deploy` applies, and `live` those of the cluster. */
export function judgeDeployed(
  ours: readonly Resource[],
  live: readonly Resource[],
  application: Application,
): Judgment[] {
  const deployed = new Map(live.map((each) => [resourceKey(each), each]))
  const ofMesh = ours.filter(({ apiVersion }) => apiVersion.includes('.istio.io/'))
  const missing = ofMesh.filter((each) => !deployed.has(resourceKey(each)))
  // Nothing is deployed yet.
  if (missing.length === ofMesh.length) return []
  const now = ours.map((each) => deployed.get(resourceKey(each)) ?? each)
  const identify = ({ resource, rule, message }: RuleFinding) =>
    [resource && resourceKey(resource), rule, message].join()
  // What the files say already is no change on the cluster.
  const declared = applyRules(meshRules, ours, application).map(identify)
  const found = applyRules(meshRules, now, application)
    .filter(({ resource }) => live.includes(resource as Resource))
    .filter((each) => !declared.includes(identify(each)))
  return [
    ...missing.map((each) => ({
      severity: 'breaks' as const,
      about: nameOf(each),
      message: 'it is not on the cluster',
      todo: restore,
    })),
    ...found.flatMap(({ resource, message, rule }) =>
      resource === undefined
        ? []
        : [
            {
              severity: 'breaks' as const,
              about: nameOf(resource),
              message: `it was changed on the cluster: ${message} (${rule})`,
              todo: restore,
            },
          ],
    ),
  ]
}
