// The end of a run says why tests were skipped. In CI only listed reasons are accepted.
import { afterEach, expect, test, vi } from 'vitest'
import type { TestModule } from 'vitest/node'
import { allowedSkips } from '../../support/allowed-skips.ts'
import { countReporter } from '../../support/count-reporter.ts'
import { skipUnless } from '../../support/skips.ts'

const [allowed = ''] = allowedSkips

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.exitCode = undefined
})

/** Ends a run with one test that passed and these that were skipped. Returns the output and the exit code. */
function end(ci: string, skipped: readonly { note?: string; meta?: object | undefined }[]) {
  vi.stubEnv('CI', ci)
  const written: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  const tests = [
    { result: () => ({ state: 'passed' }), meta: () => ({}) },
    ...skipped.map(({ note, meta = {} }) => ({
      result: () => ({ state: 'skipped', note }),
      meta: () => meta,
    })),
  ]
  const children = { allTests: () => tests, allSuites: () => [] }
  const module = { children, errors: () => [] } as unknown as TestModule
  void countReporter.onTestRunEnd?.([module], [], 'passed')
  return { lines: written.join('').trimEnd().split('\n'), exitCode: process.exitCode }
}

test('each reason is printed once, with its number of tests', () => {
  const skip = skipUnless(undefined, 'there is no x')
  expect(end('', [skip, { note: 'it is night' }, skip, {}])).toEqual({
    lines: [
      'skipped 2: there is no x',
      'skipped 1: it is night',
      'skipped 1: no reason given',
      '1 passed, 0 failed, 4 skipped',
    ],
    exitCode: undefined,
  })
})

test('in CI a reason that is not listed fails the run', () => {
  const { lines, exitCode } = end('true', [{ note: allowed }, skipUnless(false, 'there is no x')])
  expect(lines.at(-1)).toBe('1 passed, 1 failed, 1 skipped')
  expect(exitCode).toBe(1)
})

test('in CI a listed reason is accepted', () => {
  const { lines, exitCode } = end('true', [skipUnless(0, allowed), { note: allowed }])
  expect(lines).toEqual([`skipped 2: ${allowed}`, '1 passed, 0 failed, 2 skipped'])
  expect(exitCode).toBeUndefined()
})

test('nothing is skipped if the condition holds', () => {
  expect(skipUnless('kubeconfig', 'there is no x')).toEqual({})
})
