// How long the tests of External Secrets wait, in one place, in milliseconds.

/** For a program to answer after its start. */
export const START_MS = 30_000
/** For the operator to have done, or failed to do, what it was asked for. */
export const SYNC_MS = 60_000
/** For a program to end when it is told to. */
export const STOP_MS = 5_000
