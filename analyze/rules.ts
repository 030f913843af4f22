// Every rule of `make analyze`; the tests apply the same ones to what is deployed.
import { accountRules } from './account-rules.ts'
import { captureRules } from './capture-rules.ts'
import { confinementRules } from './confinement-rules.ts'
import { identityRules } from './identity-rules.ts'
import { keyRules } from './key-rules.ts'
import { managerRules } from './manager-rules.ts'
import { policyRules } from './policy-rules.ts'
import { routeRules } from './route-rules.ts'
import type { Rule } from './rule.ts'
import { tokenRules } from './token-rules.ts'
import { volumeRules } from './volume-rules.ts'
import { wayRules } from './way-rules.ts'

/** What holds of the Pod also after Istio has added its proxy to it. */
export const podRules: readonly Rule[] = [
  ...keyRules,
  ...volumeRules,
  ...tokenRules,
  ...confinementRules,
  ...accountRules,
]

export const meshRules: readonly Rule[] = [
  ...identityRules,
  ...policyRules,
  ...captureRules,
  ...wayRules,
  ...routeRules,
]

export const rules: readonly Rule[] = [...podRules, ...meshRules, ...managerRules]
