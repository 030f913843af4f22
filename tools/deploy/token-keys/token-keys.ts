// Chooses the keys that verify caller tokens. Inline keys are in the policy. If the issuer publishes its keys, istiod also
// fetches them, so they follow a rotation. The inline keys then serve while istiod cannot fetch.
import { say, UserError } from '../../cli/terminal.ts'
import { describeKeys, formatKeySet, listMissing, parseKeySet } from '../../kube/key-set.ts'
import type { TokenIssuer } from '../../kube/token-issuer.ts'
import { keepOldKeys } from './keep-old-keys.ts'
import { findPublicKeys, type PublicKeys } from './public-keys.ts'
import { readTokenPolicy } from './token-policy.ts'

/** `uri`: where istiod fetches keys as well. */
export type TokenKeys = TokenIssuer & { uri?: string }

const inlineOnly = 'inline'

/** Completes what the API server says. `wanted`: TOKEN_KEYS. Prints the choice and why. */
export async function chooseTokenKeys(
  tokens: TokenIssuer,
  wanted: string | undefined,
): Promise<TokenKeys> {
  const choice = await chooseSource(tokens, wanted)
  const policy = await readTokenPolicy()
  for (const line of describeChoice(choice, wanted, policy?.uri)) say(line)
  // What others wrote is no key of this cluster that we know of.
  const isOurs = policy?.issuer === tokens.issuer && policy.otherOwners.length === 0
  const published = parseKeySet(tokens.keys)
  const keys = keepOldKeys(published, isOurs ? policy.keys : [])
  const old = listMissing(keys, published)
  for (const key of old) {
    const until = new Date(Number(key.exp) * 1_000).toISOString()
    say(
      `  note  the API server no longer publishes the token key ${describeKeys([key])}. It stays until ${until}, when no token of it lives.`,
    )
  }
  return {
    issuer: tokens.issuer,
    keys: formatKeySet(keys),
    ...('uri' in choice && { uri: choice.uri }),
  }
}

/** Throws UserError if `wanted` is neither "inline" nor an https URL. */
export async function chooseSource(
  tokens: TokenIssuer,
  wanted: string | undefined,
  find = findPublicKeys,
): Promise<PublicKeys> {
  if (wanted === undefined) return find(tokens)
  if (wanted === inlineOnly) return { because: `TOKEN_KEYS=${inlineOnly}` }
  if (URL.parse(wanted)?.protocol === 'https:') return { uri: wanted }
  throw new UserError(
    `TOKEN_KEYS="${wanted}" is neither inline nor an https URL`,
    'Give the URL of the key set (jwks_uri) that istiod can fetch. Without TLS, anyone on the path could replace the keys.',
  )
}

export function describeChoice(
  choice: PublicKeys,
  wanted: string | undefined,
  deployed: string | undefined,
): string[] {
  if ('uri' in choice) {
    const why = wanted === undefined ? 'the issuer is public' : 'TOKEN_KEYS'
    return [`  ok    istiod fetches the token keys from ${choice.uri} (${why})`]
  }
  return [
    `  note  the token keys are inline, because ${choice.because}.`,
    '        Before the cluster signs with another key, run `make renew-token-keys`: docs/operations.md#token-keys',
    ...(deployed === undefined || wanted !== undefined
      ? []
      : [
          `        Until now, istiod fetched them from ${deployed}. To keep that, add TOKEN_KEYS=${deployed}`,
        ]),
  ]
}
