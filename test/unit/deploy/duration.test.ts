// Durations in make variables.
import { describe, expect, test } from 'vitest'
import { parseDuration } from '../../../tools/deploy/rotation/duration.ts'

const HOUR_MS = 3_600_000

describe('OVERLAP', () => {
  test.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['24h', 24 * HOUR_MS],
    ['7d', 168 * HOUR_MS],
    ['0s', 0],
  ])('accepts %s', (text, ms) => expect(parseDuration('OVERLAP', text)).toBe(ms))

  test.each(['0', '24', 'h', '1.5h', '-1h', '1h30m', '24 h', '24H', '1w', '9999999d', ' '])(
    'refuses "%s"',
    (text) =>
      expect(() => parseDuration('OVERLAP', text)).toThrow(`OVERLAP="${text}" is not a duration`),
  )
})
