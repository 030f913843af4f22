// Ends a run with the reasons of skipped tests, and with one plain line for people and CI: "N passed, N failed, N skipped".
import type { Reporter, TestCase } from 'vitest/node'
import { allowedSkips } from './allowed-skips.ts'

/** The reporter of vitest.config.ts. In CI, a skip for a reason that is not allowed fails the run. */
export const countReporter: Reporter = {
  onTestRunEnd(modules, errors, reason) {
    const count = { passed: 0, failed: errors.length, skipped: 0 }
    const skips: string[] = []
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state !== 'pending') count[state] += 1
        if (state === 'skipped') skips.push(readReason(test))
      }
      // A file that cannot be loaded has no tests. A hook can fail although every test is skipped.
      count.failed += module.errors().length
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length
    }
    // An error outside of every file, for example in a global setup.
    if (reason === 'failed' && count.failed === 0) count.failed = 1
    for (const [each, { length }] of Map.groupBy(skips, (skip) => skip)) {
      process.stdout.write(`skipped ${length}: ${each}\n`)
      if (process.env.CI !== 'true' || allowedSkips.includes(each)) continue
      process.stdout.write(
        '  → CI does not allow this reason. See test/support/allowed-skips.ts.\n',
      )
      count.skipped -= length
      count.failed += length
      process.exitCode = 1
    }
    process.stdout.write(
      `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`,
    )
  },
}

/** The note of `skip`, or the reason of skipUnless. */
function readReason(test: TestCase): string {
  const result = test.result()
  const note = result.state === 'skipped' ? result.note : undefined
  return note ?? test.meta().skipReason ?? 'no reason given'
}
