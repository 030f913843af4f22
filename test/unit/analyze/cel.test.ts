// Two CEL expressions are the same if the API server reads the same tokens.
import { describe, expect, test } from 'vitest'
import { isSameExpression } from '../../../tools/analyze/released/cel.ts'

describe('has the same meaning', () => {
  test.each([
    ['a && b', 'a&&b'],
    ['a == 1', 'a\n  ==\t1 '],
    ["a.all(c, c != 'x')", "a.all(c, // each one\nc != 'x')"],
    ['a.?b[?c].orValue([])', 'a . ? b [ ? c ] . orValue( [ ] )'],
    ["r'''a\nb'''", " r'''a\nb'''"],
  ])('%j and %j', (one, other) => expect(isSameExpression(one, other)).toBe(true))
})

describe('has another meaning', () => {
  test.each([
    ['a && b', 'a || b'],
    ["a == 'b c'", "a == 'b  c'"],
    ["a == 'b'", "a == ' b'"],
    ['ab', 'a b'],
    ['a == 10', 'a == 1 0'],
    ['a != b', 'a ! = b'],
    ['a && b', 'a // && b'],
    ["a == '// b' && c", "a == '' // b' && c"],
    ["a == 'b\\'c'", "a == 'b\\' c'"],
    ["r'\\' + b", "r'\\'  + 'b'"],
    ["a == '''b c'''", "a == '''b\nc'''"],
    // Only a line feed ends a comment.
    ['a && b', 'a // \r && b'],
    ['a && b', 'a // \u2028 && b'],
    // The API server refuses this.
    ['a && b', 'a\u00a0&& b'],
  ])('%j and %j', (one, other) => expect(isSameExpression(one, other)).toBe(false))
})
