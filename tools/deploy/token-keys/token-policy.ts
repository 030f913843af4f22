// The deployed RequestAuthentication that verifies the caller token: its keys, and who wrote them.
import { z } from 'zod'
import { type OwnedResource, readOwned } from '../../kube/field-owners.ts'
import { parseKeySet, type TokenKey } from '../../kube/key-set.ts'
import { fieldManager, namespace } from '../../kube/names.ts'

export const tokenPolicy = {
  apiVersion: 'security.istio.io/v1',
  kind: 'RequestAuthentication',
  metadata: { name: 'signer-authenticate-caller', namespace },
}

const policySpec = z.looseObject({
  jwtRules: z
    .array(
      z.looseObject({
        issuer: z.string().default(''),
        jwks: z.string().optional(),
        jwksUri: z.string().optional(),
      }),
    )
    .default([]),
})
const ruleFields = z.looseObject({ 'f:spec': z.looseObject({ 'f:jwtRules': z.unknown() }) })

export type TokenPolicy = {
  live: OwnedResource
  spec: z.infer<typeof policySpec>
  issuer: string
  /** The inline keys. */
  keys: TokenKey[]
  /** Where istiod fetches keys as well. */
  uri: string | undefined
  /** The field managers of the rules, other than `make deploy`. */
  otherOwners: string[]
}

/** Returns undefined if there is none. */
export async function readTokenPolicy(): Promise<TokenPolicy | undefined> {
  const [live] = await readOwned([tokenPolicy])
  if (live === undefined) return undefined
  const spec = policySpec.parse(live.spec ?? {})
  const inline = spec.jwtRules.find(({ jwks }) => jwks !== undefined)
  return {
    live,
    spec,
    issuer: inline?.issuer ?? '',
    keys: parseKeySet(inline?.jwks ?? ''),
    uri: spec.jwtRules.find(({ jwksUri }) => jwksUri !== undefined)?.jwksUri,
    otherOwners: live.metadata.managedFields
      .filter(({ fieldsV1 }) => ruleFields.safeParse(fieldsV1).data?.['f:spec']['f:jwtRules'])
      .filter(({ manager, operation }) => manager !== fieldManager || operation !== 'Apply')
      .map(({ manager }) => manager),
  }
}
