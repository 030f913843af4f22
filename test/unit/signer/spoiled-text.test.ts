import { randomBytes, randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { findSpoiledText } from '../../../signer/keys/spoiled-text.ts'

const hex = '0123456789abcdef0123456789abcdef'
const phrase = 'Grüße aus Köln: щит и меч'

function toUtf16be(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

function toUtf32le(text: string): Buffer {
  return Buffer.from([...text].flatMap((each) => [...Buffer.from(`${each}\0`, 'utf16le')]))
}

describe('a spoiled key is found, with its remedy', () => {
  test.each<[string, string | Buffer, RegExp]>([
    ['a byte order mark', `\uFEFF${hex}`, /byte order mark: .*tail -c \+4/],
    ['a byte order mark before a passphrase', `\uFEFF${phrase}`, /byte order mark/],
    ['CRLF at the end', `${hex}\r\n`, /line breaks of Windows: .*tr -d/],
    ['CRLF between lines', `${hex}\r\n${hex}`, /line breaks of Windows/],
    ['a carriage return alone', `${hex}\r`, /line breaks of Windows/],
    ['a newline', `${hex}\n`, /ends with a newline: .*printf/],
    ['a newline after a passphrase', `${phrase}\n`, /ends with a newline/],
    ['only a newline', '\n', /ends with a newline/],
    ['a space at the end', `${hex} `, /white space/],
    ['a tab at the beginning', `\t${hex}`, /white space/],
    ['a space of a web page at the end', `${hex}\u00A0`, /white space/],
    ['a zero-width space', `${hex}\u200B${hex}`, /invisible/],
    ['a soft hyphen', `${hex}\u00AD${hex}`, /invisible/],
    ['double quotes', `"${hex}"`, /in quotes/],
    ['single quotes', `'correct horse battery'`, /in quotes/],
    ['quotes of a word processor', `“${hex}”`, /in quotes/],
    ["echo's option", `-n ${hex}`, /option or an escape of echo/],
    ["echo's escape", `${hex}\\n`, /option or an escape of echo/],
    ['a command in single quotes', '$(openssl rand -hex 32)', /a command, not its output: make a/],
    ['a variable that no shell has replaced', `$\{HMAC_KEY}`, /a command, not its output/],
    ['a variable of cmd.exe', '%HMAC_KEY%', /a command, not its output/],
    ['UTF-16 of PowerShell', Buffer.from(`\uFEFF${hex}\r\n`, 'utf16le'), /UTF-16.*iconv/],
    ['UTF-16 without a mark', Buffer.from(hex, 'utf16le'), /UTF-16/],
    ['UTF-16 with the other byte order', toUtf16be(`\uFEFF${hex}`), /UTF-16/],
    ['UTF-16, other order, no mark', toUtf16be(hex), /UTF-16/],
    ['a passphrase in UTF-16', Buffer.from(`\uFEFF${phrase}`, 'utf16le'), /UTF-16/],
    ['UTF-32', toUtf32le(`\uFEFF${hex}`), /UTF-32/],
    ['UTF-32 without a mark', toUtf32le(hex), /UTF-32/],
    ['bytes decoded as UTF-8', mangle('utf8'), /was binary/],
    ['bytes decoded as Latin-1', mangle('latin1'), /was binary/],
  ])('%s', (_, key, message) => {
    expect(findSpoiledText(Buffer.from(key))).toMatch(message)
  })
})

/** Returns what remains of random bytes after a program reads them as text and writes them as UTF-8. */
function mangle(encoding: 'utf8' | 'latin1'): string {
  return Buffer.from([...randomBytes(24), 0x80, 0x9f, 0xff]).toString(encoding)
}

describe('a good key is accepted', () => {
  test.each<[string, string | Buffer]>([
    ['hex', hex],
    ['base64', 'q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k='],
    ['a passphrase', phrase],
    ['joined emoji', '👩‍🚀 and 👩‍🚀 make a pair'],
    ['lines', `${hex}\n${hex}`],
    ['quotes inside', `it's "${hex}" here`],
    ['bytes after a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0, 1, 2, 0x80, 0xff])],
    ['bytes after the mark of UTF-16', Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x80, 0xff])],
    ['bytes that end in a newline', Buffer.from([0x80, 0x00, 0x0a])],
    ['zeros', Buffer.alloc(32)],
  ])('%s', (_, key) => {
    expect(findSpoiledText(Buffer.from(key))).toBeUndefined()
  })

  test.each([
    ['random bytes', () => randomBytes(24 + randomInt(9))],
    [
      'bytes after each mark',
      () => {
        const marks = [
          [0xef, 0xbb, 0xbf],
          [0xff, 0xfe],
          [0xfe, 0xff],
          [0xff, 0xfe, 0, 0],
        ]
        return Buffer.from([...(marks[randomInt(4)] ?? []), ...randomBytes(30), 0x0d, 0x0a])
      },
    ],
    [
      'passwords with any punctuation',
      () => Buffer.from(Array.from({ length: 32 }, () => 0x21 + randomInt(94))),
    ],
  ])('5,000 times %s', (_, make) => {
    for (let count = 0; count < 5_000; count++) {
      const key = make()
      expect(findSpoiledText(key), key.toString('hex')).toBeUndefined()
    }
  })
})
