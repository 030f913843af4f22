// Reads the issuer of the cluster's ServiceAccount tokens, and its public keys.
import { z } from 'zod'
import { UserError } from '../cli/terminal.ts'
import { kubectl } from './kubectl.ts'

export type TokenIssuer = {
  issuer: string
  /** A JSON Web Key Set, as the API server prints it. */
  keys: string
}

const discovery = z.object({ issuer: z.string().min(1) })
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) })

/** Reads the API server's OpenID discovery documents. Throws UserError if the key set is empty or invalid. */
export async function readTokenIssuer(): Promise<TokenIssuer> {
  const [configuration, keys] = await Promise.all([
    kubectl(['get', '--raw', '/.well-known/openid-configuration']),
    kubectl(['get', '--raw', '/openid/v1/jwks']),
  ])
  const { issuer } = discovery.parse(JSON.parse(configuration))
  if (!keySet.safeParse(JSON.parse(keys)).success) {
    throw new UserError(
      'the API server publishes no keys for ServiceAccount tokens',
      'Check --service-account-issuer and --service-account-key-file of kube-apiserver.',
    )
  }
  return { issuer, keys: keys.trim() }
}
