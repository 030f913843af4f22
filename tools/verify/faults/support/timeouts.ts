// How long the fault runs wait, in one place, in milliseconds.

/** For Pods to come and go. */
export const ROLLOUT_MS = 120_000
/** Before a fault, so that what it does stands out. */
export const WARM_UP_MS = 2_000
/** After a fault, for all of it to be seen. */
export const SETTLE_MS = 4_000
/** For a fault to be over. */
export const RECOVERY_MS = 60_000
/** Without a failure, for it to be called over. */
export const STEADY_MS = 2_000
/** For a changed Secret to have reached the signer: kubelet looks at least once a minute. */
export const KEYS_MS = 120_000
/** For kubelet to rotate a token of ten minutes, at 80 % of its time. */
export const TOKEN_MS = 600_000
/** From a dead cluster to one that serves. */
export const CLUSTER_MS = 120_000
