// The limits of a signer, as its container has them.

export const limitVariables = [
  'SIGNER_SIGNATURES_PER_SECOND',
  'SIGNER_SIGNATURES_BURST',
  'SIGNER_SIGNATURES_PER_DAY',
  'SIGNER_VERIFICATIONS_PER_SECOND',
]

type Container = { name: string; env?: { name: string; value?: string | undefined }[] }

/** Returns the values in that order, as the signer's container among `containers` has them. */
export function listLimits(containers: readonly Container[]): (string | undefined)[] {
  const env = containers.find(({ name }) => name === 'signer')?.env ?? []
  return limitVariables.map((variable) => env.find(({ name }) => name === variable)?.value)
}
