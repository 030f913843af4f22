// The rules of a RequestAuthentication as the check of the caller token sees them.
import { z } from 'zod'
import { CALLER_TOKEN_HEADER } from '../../client/signed-request.ts'

const audience = 'signer'

export const tokenRule = z.looseObject({
  issuer: z.string().default(''),
  audiences: z.array(z.string()).default([]),
  forwardOriginalToken: z.boolean().default(false),
  fromHeaders: z.array(z.looseObject({ name: z.string() })).default([]),
  fromParams: z.array(z.string()).default([]),
  fromCookies: z.array(z.string()).default([]),
  jwksUri: z.string().optional(),
})
export type TokenRule = z.infer<typeof tokenRule>

/** True if the rule reads the header of the caller token. */
export function readsCallerToken({ fromHeaders }: TokenRule): boolean {
  return fromHeaders.some(({ name }) => isCallerTokenHeader(name))
}

/** True if a caller token of one of `issuers` passes the rule, from wherever the rule reads it. */
export function acceptsCallerToken(rule: TokenRule, issuers: readonly string[]): boolean {
  const { issuer, audiences } = rule
  return audiences.includes(audience) || (audiences.length === 0 && issuers.includes(issuer))
}

function isCallerTokenHeader(name: string): boolean {
  return name.toLowerCase() === CALLER_TOKEN_HEADER
}
