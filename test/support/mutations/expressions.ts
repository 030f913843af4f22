// What a CEL expression can be changed to: one operator, quantifier, function or literal at a time, and all of it.
import { readTokens, type Token } from '../../../tools/analyze/released/cel.ts'
import { shorten, type Value } from './values.ts'

const others: Readonly<Record<string, readonly string[]>> = {
  ...{ '&&': ['||'], '||': ['&&'], '==': ['!='], '!=': ['=='], '!': [''], '+': ['-'], '-': ['+'] },
  ...{ '<': ['>='], '<=': ['>'], '>': ['<='], '>=': ['<'], '*': ['+'] },
  ...{ all: ['exists'], exists: ['all'], filter: ['map'], has: ['!has'], in: ['=='] },
  ...{ startsWith: ['contains', 'endsWith'], endsWith: ['contains'], contains: ['startsWith'] },
  ...{
    matches: ['contains'],
    orValue: ['optMap'],
    true: ['false'],
    false: ['true'],
    null: ['true'],
  },
}

export function changeExpression(expression: string): Value[] {
  return [
    ...readTokens(expression).flatMap((token) =>
      changeToken(token).map((to) => {
        const { text, at } = token
        const before = shorten(expression.slice(Math.max(0, at - 12), at).trim())
        return {
          to: `${expression.slice(0, at)}${to}${expression.slice(at + text.length)}`,
          what: `…${before} ${shorten(text)} → ${shorten(to)} (at ${at})`,
        }
      }),
    ),
    ...['true', 'false', `!(${expression})`].map((to) => ({ to, what: `→ ${shorten(to)}` })),
  ].filter(({ to }) => to !== expression)
}

function changeToken({ kind, text }: Token): readonly string[] {
  if (kind === 'number') return [String(Number.parseInt(text, 10) + 1)]
  if (kind === 'string') return ["''", "'.*'"].filter((each) => each !== text)
  return others[text] ?? []
}
