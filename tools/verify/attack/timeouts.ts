// How long the policy tests wait, in one place, in milliseconds.

/** For one connection of an attacker. Who is refused is refused at once; a timeout is a failed case. */
export const PROBE_MS = 5_000
/** For a connection to be made, where nobody has to answer. */
export const CONNECT_MS = 1_500
/** For all connections that one call makes. */
export const BATCH_MS = 60_000
/** For the attackers' Pods to be ready, and to be gone. */
export const PODS_MS = 120_000
/** For the proxies to have heard of a new resource. */
export const CONFIG_MS = 30_000
/** For a line that the signer has written to be in what kubelet shows. */
export const LOG_MS = 10_000
/** How far the clocks of a cluster's node and of this machine may be apart. */
export const CLOCK_SKEW_MS = 60_000
/** For what was stopped to be back; and how long it has to go well then. */
export const RECOVERY_MS = 30_000
export const STEADY_MS = 7_000
export const POLL_MS = 250
