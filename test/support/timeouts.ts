// Timeouts of the tests, in milliseconds. They are longer on a slow machine.
import { allow } from './slowness.ts'

/** For a service to start. */
export const START_MS = allow(15_000)
/** For a test that starts processes. */
export const PROCESS_TEST_MS = allow(30_000)
/** For something that takes almost no time. */
export const WAIT_MS = allow(5_000)
/** For a program beside the cluster to answer after its start. */
export const PROGRAM_MS = allow(30_000)
/** For Pods of a test, such as Vault's, to start or to end. */
export const OWN_PODS_MS = allow(180_000)
/** For the effect of a change: an operator's next read, a scrape, a log line. */
export const EFFECT_MS = allow(60_000)
/** For an alert to fire or to end. Some alerts wait for a minute. */
export const ALERT_MS = allow(150_000)
/** For the report that a key manager is away, or back. External Secrets doubles the time to its next try. */
export const OUTAGE_MS = allow(600_000)
/** For the first compilation of a program. */
export const COMPILE_MS = allow(1_800_000)
