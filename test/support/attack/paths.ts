// Spellings of a path, and what Istio's normalization makes of them by its own test (normalization_test.go).
/** MeshConfig's pathNormalization.normalization. */
export const modes = ['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const
export type Mode = (typeof modes)[number]

/** `becomes`: the normalized path by mode, where it is known. */
export type PathForm = { sent: string; becomes: Partial<Record<Mode, string>> }

/** A path, and what BASE, MERGE_SLASHES and DECODE_AND_MERGE_SLASHES make of it. NONE leaves it. */
const inEveryMode: readonly (readonly [string, string, string, string])[] = [
  ['/', '/', '/', '/'],
  ['/sign/', '/sign/', '/sign/', '/sign/'],
  ['/app/../sign', '/sign', '/sign', '/sign'],
  ['/sign', '/sign', '/sign', '/sign'],
  ['/sign//', '/sign//', '/sign/', '/sign/'],
  ['/sign/%2f', '/sign/%2f', '/sign/%2f', '/sign/'],
  ['/sign%2f/', '/sign%2f/', '/sign%2f/', '/sign/'],
  ['/xyz%30..//sign', '/xyz0..//sign', '/xyz0../sign', '/xyz0../sign'],
  ['/app/%2E./sign', '/sign', '/sign', '/sign'],
  [String.raw`/app\sign`, '/app/sign', '/app/sign', '/app/sign'],
  [String.raw`/app/\/\/\sign`, '/app//////sign', '/app/sign', '/app/sign'],
  ['/%2Fapp%5csign%5Cabc', '/%2Fapp%5csign%5Cabc', '/%2Fapp%5csign%5Cabc', '/app/sign/abc'],
  [
    String.raw`/%5Capp%2f%5c%2F%2e%2e%2fsign%5c\abc`,
    '/%5Capp%2f%5c%2F..%2fsign%5c/abc',
    '/%5Capp%2f%5c%2F..%2fsign%5c/abc',
    '/app/sign/abc',
  ],
  ['/app//../sign', '/app/sign', '/app/sign', '/app/sign'],
  ['/app//../../sign', '/sign', '/sign', '/sign'],
]

/** A path, and what DECODE_AND_MERGE_SLASHES makes of it. */
const decoded: readonly (readonly [string, string])[] = [
  ['/%c0%2e%c0%2e/sign', '/%c0.%c0./sign'],
  ['/%c0%2fsign', '/%c0/sign'],
  ['/..;/sign', '/sign'],
  // Not in Istio's list.
  ['//sign', '/sign'],
  ['/sign%2f', '/sign/'],
  ['/%2fsign', '/sign'],
  ['/%73ign', '/sign'],
  ['/%73%69%67%6e', '/sign'],
  ['/./sign', '/sign'],
  ['/sign/.', '/sign/'],
  ['/sign/batch/..', '/sign/'],
  ['/sign/..%2fsign', '/sign'],
  ['/x%2f..%2fsign', '/sign'],
  [String.raw`/x\..\sign`, '/sign'],
  ['/readyz/../sign', '/sign'],
  ['/metrics%2f..%2fsign', '/sign'],
]

const leftAlone: readonly string[] = [
  ...['/0x2e0x2e/sign', '/0x2e0x2e0x2fsign', '/0x2e0x2e0x5csign', '/0x2f0x2fsign', '/0x5c0x5csign'],
  ...['/%25c0%25ae%25c1%259csign', '/%25c0%25ae%25c0%25ae/sign', '/%25c0%25afsign'],
  ...['/%25c1%259csign', '/%252e%252e/sign', '/%252e%252e%252fsign', '/%c1%9csign'],
  ...['/%c0%ae%c0%ae/sign', '/%c0%afsign', '/.../sign', '/..../sign', '/;/sign', '/sign;a=b'],
  ...['/sign;a=b/xyz', '/sign,a=b/xyz', '/Sign', '/SIGN'],
  // Not in Istio's list.
  ...['/sign?a=b', '/sign?', '/%252fsign', '/sign*', '/sign/batch/', '/sign.json', '/sign%20'],
  ...['/signer', '/sig'],
]

/** Paths that every mode refuses: with a NUL, or with a fragment (RFC 9112 section 3.2). */
export const unacceptablePaths: readonly string[] = ['/sign%00', '/sign#a', '/x#/../sign']

export const namedPaths: readonly PathForm[] = [
  ...inEveryMode.map(([sent, base, merged, all]) => ({
    sent,
    becomes: {
      NONE: sent,
      BASE: base,
      MERGE_SLASHES: merged,
      DECODE_AND_MERGE_SLASHES: all,
    },
  })),
  ...decoded.map(([sent, all]) => ({ sent, becomes: { DECODE_AND_MERGE_SLASHES: all } })),
  ...leftAlone.map((sent) => ({ sent, becomes: { DECODE_AND_MERGE_SLASHES: sent } })),
]

/** `/sign%01` to `/sign%ff`. None of them becomes `/sign`. */
export const encodedPaths: readonly string[] = Array.from(
  { length: 255 },
  (_, index) => `/sign%${(index + 1).toString(16).padStart(2, '0')}`,
)
