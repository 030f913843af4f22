// How kubectl resolves a plain scalar: by YAML 1.1, as its library go.yaml.in/yaml/v2 understands it. `yes` is true, 0444 is
// octal, dates and base 60 are text.
import type { ScalarTag } from 'yaml'

const trueWord = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const decimal = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
/** The forms of an integer, and the prefix that JavaScript wants. */
const integers: readonly (readonly [RegExp, string])[] = [
  [/^[-+]?(0|[1-9][0-9]*)$/, ''],
  [/^[-+]?0[oO]?([0-7]+)$/, '0o'],
  [/^[-+]?0[xX]([0-9a-fA-F]+)$/, '0x'],
  [/^[-+]?0[bB]([01]+)$/, '0b'],
]
const smallest = -(2n ** 63n)
const largest = 2n ** 64n - 1n

/** Returns the text itself if kubectl does not read it as a number. */
function readNumber(source: string): number | string {
  // After a leading point, Go wants digits on both sides of an underscore.
  if (/^\..*(?:(?<!\d)_|_(?!\d))/.test(source)) return source
  const plain = source.replaceAll('_', '')
  for (const [form, prefix] of integers) {
    const digits = form.exec(plain)?.[1]
    if (digits === undefined) continue
    const value = BigInt(`${prefix}${digits}`) * (plain.startsWith('-') ? -1n : 1n)
    if (value >= smallest && value <= largest) return Number(value)
  }
  const value = Number(plain)
  return decimal.test(plain) && Number.isFinite(value) ? value : source
}

const number = { default: true, test: /^[-+.0-9]/, resolve: readNumber }
const longName = (name: string) => `tag:yaml.org,2002:${name}`

export const kubectlTags: ScalarTag[] = [
  {
    tag: longName('null'),
    default: true,
    test: /^(?:~|null|Null|NULL)?$/,
    resolve: () => null,
  },
  {
    tag: longName('bool'),
    default: true,
    test: /^(?:[yYnN]|[yY]es|YES|[nN]o|NO|[tT]rue|TRUE|[fF]alse|FALSE|[oO]n|ON|[oO]ff|OFF)$/,
    resolve: (source) => trueWord.test(source),
  },
  {
    tag: longName('float'),
    default: true,
    test: /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    resolve: (source, onError) => {
      onError(`JSON has no number ${source}`)
      return source
    },
  },
  { ...number, tag: longName('int') },
  { ...number, tag: longName('float') },
  {
    tag: longName('binary'),
    resolve: (source) => Buffer.from(source, 'base64').toString(),
  },
]
