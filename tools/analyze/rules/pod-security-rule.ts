// Who refuses Pods with more rights than ours have: Pod Security, or the one policy that holds the same and lets our SELinux types
// through. Nothing else is taken for it, and not that policy with a word changed.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { CHECKOUT } from '../../cli/checkout.ts'
import { podSecurityReplacement } from '../../deploy/apply/pod-security.ts'
import { namespace } from '../../kube/names.ts'
import { parseResources, type Resource } from '../../kube/resources.ts'
import type { Finding } from '../finding.ts'
import { listPodNamespaces } from '../model/namespace.ts'
import type { Rule } from '../rule.ts'

const label = 'pod-security.kubernetes.io/enforce'
const folder = join(CHECKOUT, 'k8s/components/selinux')
const standIns = ['policy', 'policy-binding'].flatMap((kind) =>
  parseResources(
    readFileSync(resolve(folder, `pods-stay-restricted-validating-admission-${kind}.yaml`), 'utf8'),
  ),
)

export const podSecurityRule: Rule = {
  name: 'pod-security',
  title: 'Pod Security "restricted" is enforced, or the policy that stands in for it',
  find: (resources) =>
    listPodNamespaces(resources).flatMap((resource) => [
      ...judgeLevel(resource, resources),
      ...judgeLabel(resource, `${label}-version`, 'latest'),
    ]),
}

function judgeLevel(home: Resource, resources: readonly Resource[]): Finding[] {
  // The binding is for the namespace of that name alone.
  if (home.metadata.labels?.[label] !== 'privileged' || home.metadata.name !== namespace) {
    return judgeLabel(home, label, 'restricted')
  }
  return standIns.flatMap(({ kind, spec }) => {
    const found = resources.find(
      (each) => each.kind === kind && each.metadata.name === podSecurityReplacement,
    )
    if (found === undefined) {
      return [
        finding(
          home,
          label,
          `is privileged, and there is no ${kind} ${podSecurityReplacement} instead`,
        ),
      ]
    }
    if (isDeepStrictEqual(found.spec, spec)) return []
    const message = `${label} is privileged, and this is not the ${kind} of k8s/components/selinux`
    return [{ resource: found, path: ['spec'], message }]
  })
}

function judgeLabel(home: Resource, key: string, wanted: string): Finding[] {
  if (home.metadata.labels?.[key] === wanted) return []
  return [finding(home, key, `is not ${wanted}`)]
}

function finding(home: Resource, key: string, what: string): Finding {
  return { resource: home, path: ['metadata', 'labels', key], message: `${key} ${what}` }
}
