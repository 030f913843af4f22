// How long the tests wait at most, in milliseconds.

/** For a service to start. */
export const START_MS = 15_000
/** For a test that starts processes. */
export const PROCESS_TEST_MS = 30_000
/** For something that takes almost no time itself. */
export const WAIT_MS = 5_000
/** For a program beside the cluster to answer after its start. */
export const PROGRAM_MS = 30_000
/** For Pods that a test brings along, such as Vault's, to be ready or gone. */
export const OWN_PODS_MS = 180_000
/** For the cluster to act on a change: an operator's next reading, a scrape, a line in a log. */
export const EFFECT_MS = 60_000
/** For an alert to fire, or to be over. Some alerts wait for a minute. */
export const ALERT_MS = 150_000
/** For a program to be compiled the first time. */
export const COMPILE_MS = 1_800_000
