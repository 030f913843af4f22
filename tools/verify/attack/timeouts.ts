// Timeouts of the attacks, in milliseconds.

/** For one connection of an attacker. A refusal comes at once, so a timeout fails the test. */
export const PROBE_MS = 5_000
/** For a connection to open, without an answer. */
export const CONNECT_MS = 1_500
/** For all connections of one call. */
export const BATCH_MS = 60_000
/** For the attackers' Pods to start or to end. */
export const PODS_MS = 120_000
/** For proxies to receive a new resource. */
export const CONFIG_MS = 30_000
/** For a line of the signer's log to be readable through kubelet. */
export const LOG_MS = 10_000
/** How much the clocks of node and this machine may differ. */
export const CLOCK_SKEW_MS = 60_000
/** For a stopped program to serve again. */
export const RECOVERY_MS = 30_000
/** Without a failure, until it counts as recovered. */
export const STEADY_MS = 7_000
export const POLL_MS = 250
