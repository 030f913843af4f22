// How long the tests wait, in one place. Generous: nothing is measured here.

/** For a service to start and say so. */
export const START_MS = 15_000
/** For a test that starts processes. */
export const PROCESS_TEST_MS = 30_000
/** For something to happen that takes no time by itself. */
export const WAIT_MS = 5_000
