// How long the Vault tests wait, in one place, in milliseconds.

/** For Vault to answer after its start. */
export const START_MS = 60_000
/** For something to be in a log. */
export const LOG_MS = 60_000
/** The oldest that keys can be which Vault has just confirmed: it is asked every 15 s. */
export const FRESH_MS = 25_000
/** In which a Pod would have become ready if it could. */
export const NOT_READY_MS = 20_000
/** For one answer of Vault's. */
export const ANSWER_MS = 10_000
