// The component selinux sets a type for each container, and replaces Pod Security by one policy.
import { describe, expect, test } from 'vitest'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { asReleasedRule } from '../../../tools/analyze/rules/as-released-rule.ts'
import { podSecurityRule } from '../../../tools/analyze/rules/pod-security-rule.ts'
import { podSecurityReplacement } from '../../../tools/deploy/apply/pod-security.ts'
import { application } from '../../../tools/kube/application.ts'
import { meshedLayouts } from '../../../tools/kube/layouts.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { applyChange, type Change } from '../../support/mistakes/mistakes.ts'

const level = 's0:c417,c893'
const policy = `ValidatingAdmissionPolicy/${podSecurityReplacement}`
const binding = `ValidatingAdmissionPolicyBinding/${podSecurityReplacement}`
const label = 'metadata.labels.pod-security~1kubernetes~1io/enforce'

describe.each(meshedLayouts)('$overlay with selinux', async (layout) => {
  const { resources } = await renderSample(['selinux'], layout)

  test('sets a type for each container, and only categories for the Pod', () => {
    const specs = resources
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ spec }) => Object(spec).template.spec)
    const containers = specs.flatMap((spec) => spec.containers)
    expect(containers.map(({ name }) => name)).toEqual(['frontend', 'signer'])
    for (const { name, securityContext } of containers) {
      const type = `secure_signing_${name}_t`
      expect(securityContext.seLinuxOptions).toEqual({ type, level })
    }
    for (const { affinity, securityContext } of specs) {
      const { nodeSelectorTerms } =
        affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
      // The second one is the name in version 0.1.
      const names = ['secure-signing.dev/selinux', 'secure-signing/selinux']
      expect(nodeSelectorTerms).toEqual(
        names.map((key) => ({
          matchExpressions: [{ key, operator: 'In', values: ['enforced'] }],
        })),
      )
      expect(securityContext.seLinuxOptions).toEqual({ level })
      expect(securityContext.seccompProfile).toEqual({ type: 'RuntimeDefault' })
    }
  })

  const check = (changed: readonly Resource[]) =>
    applyRules([podSecurityRule, asReleasedRule], changed, application)

  test('keeps the rules of make analyze', () => expect(check(resources)).toEqual([]))

  test.each<[string, Change, string]>([
    ['without the policy', [policy, '', undefined], `${policy} is missing`],
    ['without its binding', [binding, '', undefined], `${binding} is missing`],
    ['with another level', ['Namespace/signing', label, 'baseline'], 'is not restricted'],
    ['without a level', ['Namespace/signing', label, undefined], 'is not restricted'],
    ['with a missing validation', [policy, 'spec.validations.3', undefined], 'found nothing'],
    ['with ignored failures', [policy, 'spec.failurePolicy', 'Ignore'], 'found "Ignore"'],
    ['with a binding that only warns', [binding, 'spec.validationActions', ['Warn']], '[Warn]'],
  ])('breaks one %s', (_, change, message) => {
    const found = check(applyChange(resources, change))
    expect(found.map((each) => each.message)).toEqual([expect.stringContaining(message)])
  })

  test('breaks one without the policy and its binding', () => {
    const kept = resources.filter(({ metadata }) => metadata.name !== podSecurityReplacement)
    const found = podSecurityRule.find(kept, application).map(({ message }) => message)
    expect(found).toEqual([expect.stringContaining('add the component selinux')])
    expect(check(kept)).toHaveLength(3)
  })

  test('breaks it in another namespace, which the binding does not select', () => {
    const moved = resources.map((each) => {
      const { name, namespace } = each.metadata
      const metadata =
        each.kind === 'Namespace'
          ? { ...each.metadata, name: 'elsewhere' }
          : { ...each.metadata, name, ...(namespace && { namespace: 'elsewhere' }) }
      return { ...each, metadata }
    })
    const found = podSecurityRule.find(moved, application).map(({ message }) => message)
    expect(found).toEqual([expect.stringContaining('is not restricted')])
  })
})
