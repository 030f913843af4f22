// How long the Vault tests wait, in one place, in milliseconds.

/** For Vault to answer after its start. */
export const START_MS = 60_000
/** For a change in Vault to be in the signer: the agent looks every 15 s, and for a minute at most after failures. */
export const ARRIVAL_MS = 90_000
/** For something to be in a log. */
export const LOG_MS = 60_000
/** The oldest that keys can be which Vault has just confirmed: it is asked every 15 s. */
export const FRESH_MS = 25_000
/** In which a Pod would have become ready if it could. */
export const NOT_READY_MS = 20_000
/** After the last change, for what it does to the load to be seen. */
export const SETTLE_MS = 2_000
/** For one answer of Vault's. */
export const ANSWER_MS = 10_000
