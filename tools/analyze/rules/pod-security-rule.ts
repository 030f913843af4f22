// Pods with more privileges than ours are refused: by Pod Security, or by the admission policy that enforces the same and
// allows our SELinux types. The rule as-released compares that policy with ours.
import { podSecurityReplacement } from '../../deploy/apply/pod-security.ts'
import { namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import type { Finding } from '../finding.ts'
import { listPodNamespaces } from '../model/namespace.ts'
import type { Rule } from '../rule.ts'

const label = 'pod-security.kubernetes.io/enforce'

export const podSecurityRule: Rule = {
  name: 'pod-security',
  title: 'Pod Security "restricted" is enforced, or the policy that replaces it',
  find: (resources) =>
    listPodNamespaces(resources).flatMap((resource) => [
      ...checkLevel(resource, resources),
      ...checkLabel(resource, `${label}-version`, 'latest'),
    ]),
}

function checkLevel(home: Resource, resources: readonly Resource[]): Finding[] {
  // The binding is for this namespace only.
  if (home.metadata.labels?.[label] !== 'privileged' || home.metadata.name !== namespace) {
    return checkLabel(home, label, 'restricted')
  }
  if (resources.some(({ metadata }) => metadata.name === podSecurityReplacement)) return []
  const what = `is privileged, and the policy ${podSecurityReplacement} is missing: add the component selinux`
  return [finding(home, label, what)]
}

function checkLabel(home: Resource, key: string, wanted: string): Finding[] {
  if (home.metadata.labels?.[key] === wanted) return []
  return [finding(home, key, `is not ${wanted}: set it`)]
}

function finding(home: Resource, key: string, what: string): Finding {
  return { resource: home, path: ['metadata', 'labels', key], message: `${key} ${what}` }
}
