// All attempts on a deployment, each with the policy that has to refuse it.
import type { Resource } from '../../../kube/resources.ts'
import { allowedCases } from './allowed-cases.ts'
import type { AdmissionCase } from './case.ts'
import { entryCases } from './entry-cases.ts'
import { keyCases } from './key-cases.ts'
import { allowedProxyCases, proxyCases } from './proxy-cases.ts'
import { signerCases } from './signer-cases.ts'
import { vaultCases } from './vault-cases.ts'

/** For every deployment. */
export const admissionCases: readonly AdmissionCase[] = [
  ...allowedCases,
  ...keyCases,
  ...signerCases,
  ...entryCases,
  ...allowedProxyCases,
  ...proxyCases,
]

/** Returns those for what `template` contains. */
export function listCases(template: Resource): readonly AdmissionCase[] {
  const hasAgent = JSON.stringify(template.spec).includes('"vault-agent"')
  return hasAgent ? [...admissionCases, ...vaultCases] : admissionCases
}
