// Tokens in the form of a projected ServiceAccount token. Only the mesh verifies their signature.

/** Makes a JWT with the claim `exp`, seconds since 1970. */
export function makeToken(exp: unknown): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return [encode({ alg: 'RS256' }), encode({ sub: 'test', exp }), 'c2lnbmF0dXJl'].join('.')
}

/** Makes a token that is valid for `seconds` from now on. */
export function makeFreshToken(seconds = 600): string {
  return makeToken(Math.floor(Date.now() / 1_000) + seconds)
}
