// Timeouts of the fault experiments, in milliseconds.

/** For Pods to start or to end. */
export const ROLLOUT_MS = 120_000
/** Load before a fault. It shows whether the machine carries the load. */
export const WARM_UP_MS = 2_000
/** Load after a fault, to see all of its effects. */
export const SETTLE_MS = 4_000
/** For recovery from a fault. */
export const RECOVERY_MS = 60_000
/** Without a failure, until the Pod counts as recovered. */
export const STEADY_MS = 2_000
/** For a changed Secret to reach the signer. kubelet syncs at least once a minute. */
export const KEYS_MS = 120_000
/** For kubelet to rotate a token after a restart. */
export const TOKEN_MS = 120_000
/** For a killed cluster to serve again. */
export const CLUSTER_MS = 120_000
