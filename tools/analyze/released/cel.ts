// Splits a CEL expression into tokens. White space and comments between them have no meaning.

/** `text`: as it is written. `at`: where it begins. */
export type Token = { kind: 'string' | 'number' | 'word' | 'sign'; text: string; at: number }

const string =
  /[rRbB]{0,2}(?:'''[\s\S]*?'''|"""[\s\S]*?"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")/y
/** In a raw string, a backslash escapes nothing. */
const rawString = /[bB]?[rR][bB]?(?:'''[\s\S]*?'''|"""[\s\S]*?"""|'[^'\n]*'|"[^"\n]*")/y
const number = /\d[\w.]*/y
const word = /[A-Za-z_]\w*/y
const sign = /&&|\|\||[=!<>]=|[\s\S]/y
/** Only a line feed ends a comment, for the API server. */
const blank = /(?:[\t\n\f\r ]|\/\/[^\n]*)+/y

export function readTokens(expression: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const take = (form: RegExp) => {
    form.lastIndex = at
    return form.exec(expression)?.[0]
  }
  const kinds = [
    ...[['string', rawString] as const, ['string', string] as const, ['number', number] as const],
    ...[['word', word] as const, ['sign', sign] as const],
  ]
  while (at < expression.length) {
    const skipped = take(blank)
    if (skipped !== undefined) {
      at += skipped.length
      continue
    }
    for (const [kind, form] of kinds) {
      const text = take(form)
      if (text === undefined) continue
      tokens.push({ kind, text, at })
      at += text.length
      break
    }
  }
  return tokens
}

/** True if the API server reads both the same way. */
export function isSameExpression(one: string, other: string): boolean {
  const join = (text: string) => JSON.stringify(readTokens(text).map((each) => each.text))
  return one === other || join(one) === join(other)
}
