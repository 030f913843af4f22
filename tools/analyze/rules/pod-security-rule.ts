// Pods with more privileges than ours are refused: by Pod Security, or by the admission policy that enforces the same and
// allows our SELinux types. The policy must be unchanged.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { CHECKOUT } from '../../cli/checkout.ts'
import { podSecurityReplacement } from '../../deploy/apply/pod-security.ts'
import { moveToApplication } from '../../deploy/render/move-resource.ts'
import { namespace } from '../../kube/names.ts'
import { parseResources, type Resource } from '../../kube/resources.ts'
import type { Finding } from '../finding.ts'
import { listPodNamespaces } from '../model/namespace.ts'
import type { Rule } from '../rule.ts'

const label = 'pod-security.kubernetes.io/enforce'
const folder = join(CHECKOUT, 'k8s/admission/pods-stay-restricted')
const standIns = ['policy', 'policy-binding'].flatMap((kind) =>
  parseResources(
    readFileSync(resolve(folder, `pods-stay-restricted-validating-admission-${kind}.yaml`), 'utf8'),
  ).map(moveToApplication),
)

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
  return standIns.flatMap(({ kind, spec }) => {
    const found = resources.find(
      (each) => each.kind === kind && each.metadata.name === podSecurityReplacement,
    )
    if (found === undefined) {
      return [
        finding(
          home,
          label,
          `is privileged, and the ${kind} ${podSecurityReplacement} is missing: add the component selinux`,
        ),
      ]
    }
    if (isDeepStrictEqual(found.spec, spec)) return []
    const message = `${label} is privileged, so this must be the ${kind} of k8s/admission/pods-stay-restricted: restore it`
    return [{ resource: found, path: ['spec'], message }]
  })
}

function checkLabel(home: Resource, key: string, wanted: string): Finding[] {
  if (home.metadata.labels?.[key] === wanted) return []
  return [finding(home, key, `is not ${wanted}: set it`)]
}

function finding(home: Resource, key: string, what: string): Finding {
  return { resource: home, path: ['metadata', 'labels', key], message: `${key} ${what}` }
}
