// How long the tests wait. The limits are generous, because they measure nothing.

/** For a service to start. */
export const START_MS = 15_000
/** For a test that starts processes. */
export const PROCESS_TEST_MS = 30_000
/** For something that takes almost no time itself. */
export const WAIT_MS = 5_000
