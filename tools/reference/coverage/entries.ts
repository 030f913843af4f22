// The entries of docs/test-coverage.md: promises and attacks, with the tests that show them.

/** A file, from the root of the repository, and a test's title in it where one test is meant. */
export type Evidence = readonly [file: string, title?: string]
export type Promised = { promise: string; shownBy: readonly Evidence[] }

/** `attacker`: who tries; `attempt`: what; `expected`: what must come of it; `shownBy`: files. */
type Attack = { attacker: string; attempt: string; expected: string; shownBy: readonly string[] }
export type AttackGroup = { title: string; attacks: readonly Attack[] }

/** The tests that run code in the frontend container. */
export const compromised = 'test/policy/compromised-frontend'
/** Every fault, in its short form. */
export const faults: Evidence = ['test/faults/faults.test.ts']
