// How long things may take that are waited for, in milliseconds.

/** Until all Pods of the monitoring run, and the first scrape is over. */
export const START_MS = 180_000
/** Until an alert fires, or is over again: scrapes and evaluations each three seconds, and a minute that some alerts wait. */
export const ALERT_MS = 150_000
/** Until everything was scraped once. */
export const SCRAPE_MS = 60_000
/** Until the frontend has read its token again. */
export const TOKEN_MS = 5_000
