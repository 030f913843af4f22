// Ends a run with one plain line, "N passed, N failed, N skipped", for people and for CI.
import type { Reporter } from 'vitest/node'

/** A reporter for vitest.config.ts. */
export const countReporter: Reporter = {
  onTestRunEnd(modules, errors, reason) {
    const count = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state !== 'pending') count[state] += 1
      }
      // A file that can't be loaded has no tests that could fail, and a hook may fail where every test is skipped.
      count.failed += module.errors().length
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length
    }
    // Something outside of every file, e.g. a global setup.
    if (reason === 'failed' && count.failed === 0) count.failed = 1
    process.stdout.write(
      `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`,
    )
  },
}
