// Decides who gets a session of the role. moto does not check tokens, so this checks them by the policy in docs/key-managers.md.
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { z } from 'zod'
import { readTokenIssuer } from '../../../../tools/kube/token-issuer.ts'
import { findStatement } from '../../../support/pages/external-secrets-page.ts'

const statement = z.object({
  Condition: z.strictObject({ StringEquals: z.record(z.string(), z.string()) }),
})

export type Refusal = { status: number; code: string; message: string }
/** Returns why `token` gets no session, or undefined if it gets one. */
export type Judge = (token: string) => Promise<Refusal | undefined>

export async function createJudge(): Promise<Judge> {
  const { issuer, keys } = await readTokenIssuer()
  const keySet = createLocalJWKSet(JSON.parse(keys))
  const provider = issuer.replace('https://', '')
  const text = findStatement('sts:AssumeRoleWithWebIdentity').replaceAll('ISSUER', provider)
  const { StringEquals } = statement.parse(JSON.parse(text)).Condition
  return async (token) => {
    const verified = await jwtVerify(token, keySet, { issuer, requiredClaims: ['exp'] }).catch(
      explain,
    )
    if ('code' in verified) return verified
    const failing = Object.entries(StringEquals).find(
      ([name, wanted]) => !readClaim(verified.payload, name, provider).includes(wanted),
    )
    return failing && { status: 403, code: 'AccessDenied', message: `not so: ${failing[0]}` }
  }
}

function explain(error: unknown): Refusal {
  if (!(error instanceof errors.JOSEError)) throw error
  return { status: 400, code: 'InvalidIdentityToken', message: error.message }
}

/** Returns all values of the claim that a condition names, e.g. "<provider>:aud". */
function readClaim(payload: JWTPayload, name: string, provider: string): unknown[] {
  if (!name.startsWith(`${provider}:`)) return []
  return [payload[name.slice(provider.length + 1)]].flat()
}
