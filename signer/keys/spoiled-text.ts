// Finds what editors and shells do to a key. Such a key would work, but its signatures would differ from everyone else's. Only
// text is judged, because random bytes may have any value.
import { isUtf8 } from 'node:buffer'

const rewrite = 'write it with --from-literal or printf %s, which add nothing'
const removeBreaks = "remove them with tr -d '\\r\\n'"
const makeNew = 'make a new key with openssl rand -hex 32'

/** No control characters but tabs and line breaks, and no unassigned ones. */
const onlyText = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z}\p{Cf}\t\r\n]+$/u
const fromBinary = /\uFFFD|[\x80-\x9f].*[\x80-\x9f]/s
/** The first match counts. The narrow patterns spare random passwords, which may hold any punctuation. */
const faults: readonly (readonly [RegExp, string])[] = [
  [/^\uFEFF/, 'begins with a byte order mark: remove it with tail -c +4'],
  [/\r/, `has line breaks of Windows: ${removeBreaks}`],
  [/\n$/, `ends with a newline: ${rewrite}`],
  [/^\s|\s$/, `begins or ends with white space: ${rewrite}`],
  [
    /[\xA0\xAD\u200B\u200E\u200F\u2028-\u202E\u2060\uFEFF]/,
    `has an invisible character: ${rewrite}`,
  ],
  [/^(["'])[\w+/=.: -]+\1$|^[“‘„«].*[”’“»]$/s, `is in quotes: ${rewrite}`],
  [/^-[ne] |^[\w+/=-]+\\[nr]$/, `has an option or an escape of echo: ${rewrite}`],
  [
    /^(\$\([\w ./-]+\)|`[\w ./-]+`|\$[A-Z][A-Z0-9_]*|\$\{\w+\}|%[A-Z][A-Z0-9_]*%)$/,
    `is a command, not its output: ${makeNew}`,
  ],
]

/** Returns the fault of `bytes` and its remedy, for example "is in quotes: write it with…". Returns undefined for a good key. */
export function findSpoiledText(bytes: Buffer): string | undefined {
  if (isWide(bytes)) return 'is UTF-16 or UTF-32: convert it with iconv -f UTF-16 -t UTF-8'
  if (!isUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  if (fromBinary.test(text)) return `was binary, and a program converted it to text: ${makeNew}`
  return onlyText.test(text) ? faults.find(([pattern]) => pattern.test(text))?.[1] : undefined
}

/**
 * Returns true for text in UTF-16 or UTF-32, in either byte order. Only the alphabets of Europe count, and without a byte order
 * mark only Latin, because random bytes are often characters of larger scripts.
 */
function isWide(bytes: Buffer): boolean {
  if (bytes.length % 2 !== 0) return false
  const texts = [bytes, Buffer.from(bytes).swap16()].map((each) =>
    // In UTF-32, every second unit is 0.
    each.toString('utf16le').replaceAll('\0', ''),
  )
  return texts.some((text) => {
    const end = text.startsWith('\uFEFF') ? 0x600 : 0x300
    const letters = text.replace(/^\uFEFF/, '')
    return onlyText.test(letters) && [...letters].every((each) => each.charCodeAt(0) < end)
  })
}
