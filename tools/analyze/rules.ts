// All rules of `make analyze`. The tests apply them to the deployed resources too.
import type { Layout } from '../kube/layouts.ts'
import type { Rule } from './rule.ts'
import { accountRules } from './rules/account-rules.ts'
import { asReleasedRule } from './rules/as-released-rule.ts'
import { captureRules } from './rules/capture-rules.ts'
import { confinementRules } from './rules/confinement-rules.ts'
import { gatewayApiRules } from './rules/gateway-api-rules.ts'
import { identityRules } from './rules/identity-rules.ts'
import { ingressRules } from './rules/ingress-rule.ts'
import { keyRules } from './rules/key-rules.ts'
import { managerRules } from './rules/manager-rules.ts'
import { othersRule } from './rules/others-rule.ts'
import { podAsReleasedRule } from './rules/pod-as-released-rule.ts'
import { policyRules } from './rules/policy-rules.ts'
import { routeRules } from './rules/route-rules.ts'
import { routingRules } from './rules/routing-rules.ts'
import { tokenRules } from './rules/token-rules.ts'
import { volumeRules } from './rules/volume-rules.ts'

/** Rules that also hold after Istio has injected its proxy into the Pod. */
export const podRules: readonly Rule[] = [
  ...keyRules,
  ...volumeRules,
  ...tokenRules,
  ...confinementRules,
  ...accountRules,
  podAsReleasedRule,
]

export const meshRules: readonly Rule[] = [
  ...identityRules,
  ...policyRules,
  ...captureRules,
  ...routingRules,
  ...routeRules,
  ...gatewayApiRules,
  ...ingressRules,
]

/** Rules for every layout, about what is not in the Pod. */
const wholeRules: readonly Rule[] = [...managerRules, asReleasedRule, othersRule]

export const rules: readonly Rule[] = [...podRules, ...meshRules, ...wholeRules]

/** Returns the rules for the resources of a layout. */
export function rulesOf({ isMeshed }: Layout): readonly Rule[] {
  return isMeshed ? rules : [...podRules, ...wholeRules]
}
