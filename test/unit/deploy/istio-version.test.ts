// Which versions of Istio are accepted, and how their many spellings are read.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import {
  judgeVersion,
  lines,
  minimumVersion,
  parseVersion,
  readImageTag,
} from '../../../tools/kube/istio-version.ts'

describe('the version of Istio', () => {
  test.each([
    ['1.30.4', 'new enough'],
    ['1.30.4-distroless', 'new enough'],
    ['1.30.10', 'new enough'],
    ['1.31.0', 'new enough'],
    ['1.31.0-rc.0', 'new enough'],
    ['1.31-eed52ebb66ad', 'new enough'],
    ['1.32-alpha.9739e10eb9d7', 'new enough'],
    ['2.0.0', 'new enough'],
    ['1.29.7', 'new enough'],
    ['1.29.8-solo-fips', 'new enough'],
    ['v1.29.9-1', 'new enough'],
    ['1.28.9', 'new enough'],
    ['1.30.3', 'too old'],
    ['1.29.6', 'too old'],
    ['1.28.8-distroless', 'too old'],
    ['1.27.9', 'too old'],
    ['1.27-alpha', 'too old'],
    ['1.26.2-distroless', 'too old'],
    ['1-26', 'too old'],
    ['asm-1-26', 'too old'],
    ['1.9.12', 'too old'],
    ['1.30-alpha', 'unknown'],
    ['1.29-alpha', 'unknown'],
    ['asm-1-30', 'unknown'],
    ['latest', 'unknown'],
    ['default', 'unknown'],
  ])('%s is %s', (text, verdict) => expect(judgeVersion([text]).verdict).toBe(verdict))

  test.each([
    ['the first text that names a version', ['latest', '1.31-eed52ebb66ad', '1.0.0'], 'new enough'],
    ['a patch of the same minor version', ['asm-1-30', '1.0.0', '1.30.4'], 'new enough'],
    ['the minor version of a revision', ['0123456789ab', 'default', 'asm-1-26'], 'too old'],
    ['nothing', [], 'unknown'],
  ])('is judged by %s', (_, texts, verdict) => expect(judgeVersion(texts).verdict).toBe(verdict))

  test('an error names the patch of the same minor version, and the reason', () => {
    expect(judgeVersion(['1.29.3'])).toMatchObject({
      needed: '1.29.7',
      why: expect.stringContaining('HTTP/2'),
    })
    expect(judgeVersion(['1.26.2'])).toMatchObject({
      needed: minimumVersion,
      why: expect.stringContaining('admin port'),
    })
  })

  test.each([
    ['v1.30.4', [1, 30, 4]],
    ['1.30.4-asm.12', [1, 30, 4]],
    ['1.30.4-tetrate-v0', [1, 30, 4]],
    ['istio-release-1.30.4', [1, 30, 4]],
    ['1-30-4', [1, 30, 4]],
    ['asm-1-30', [1, 30, undefined]],
    ['1.31-123456789abc', [1, 31, undefined]],
  ])('%s is read as %s', (text, [major, minor, patch]) => {
    expect(parseVersion(text)).toEqual({ major, minor, patch })
  })

  test.each(['asm-1233-2', '1.30.4.5', 'prod', 'sha256', '20260826'])(
    '%s is no version',
    (text) => {
      expect(parseVersion(text)).toBeUndefined()
    },
  )

  test.each([
    ['docker.io/istio/pilot:1.30.4', '1.30.4'],
    ['registry:5000/pilot:1.30.4@sha256:0123', '1.30.4'],
    ['mcr.microsoft.com/oss/istio/pilot:1.26.2-distroless', '1.26.2-distroless'],
    ['registry:5000/pilot', undefined],
    ['pilot@sha256:0123', undefined],
  ])('the tag is read from %s', (image, tag) => expect(readImageTag(image)).toBe(tag))

  test('docs/support.md has the same table', async () => {
    const page = await readFile(join(CHECKOUT, 'docs/support.md'), 'utf8')
    const rows = [...page.matchAll(/^\| 1\.(\d+) \| 1\.\d+\.(\d+) \| (.+) \|$/gm)]
    expect(
      rows.map(([, minor, patch, why]) => ({ minor: Number(minor), patch: Number(patch), why })),
    ).toEqual(lines.map((each) => ({ ...each, why: expect.stringMatching(/./) })))
  })
})
