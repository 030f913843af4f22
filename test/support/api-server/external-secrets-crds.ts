// The kinds of External Secrets in several versions: those of its Go modules, and the file EXTERNAL_SECRETS_CRDS.
import { readVariable } from '../../../tools/cli/make-variables.ts'
import { installCrds } from '../../../tools/verify/faults/support/crds.ts'
import {
  fetchExternalSecretsCrds,
  installExternalSecretsCrds,
} from '../../../tools/verify/faults/support/external-secrets-crds.ts'

/** A file with the kinds of another version, usually of the newest. */
export const givenCrds = readVariable('EXTERNAL_SECRETS_CRDS')

const sums = {
  '0.16.1': 'h1:irK7ePVBYI+6nNEN9kAtP7CYPMr6EKqwK3uo3FB4w1M=',
  '0.20.1': 'h1:6dnPftnv0h9fHMXpFB534Kj+eAQOEmPwVqGyL3ICv2g=',
  '0.20.4': 'h1:HhNAjWfFEshhItphr28SGsHzf2bUP7uDAOVLg76uNAg=',
}
export type Version = keyof typeof sums

export function fetchCrds(version: Version): Promise<string[]> {
  return fetchExternalSecretsCrds({ version: `v${version}`, sum: sums[version] })
}

/** Installs the kinds of the file, or of the newest module. Returns the function that removes them. */
export function installNewestCrds(): Promise<() => Promise<void>> {
  return givenCrds === undefined ? installExternalSecretsCrds() : installCrds([givenCrds])
}
