// The consumers of the benchmark's webhooks, and the one key from which theirs are derived.
import { randomBytes, randomInt } from 'node:crypto'

const CONSUMERS = 100_000

export const drawConsumer = () => `customer-${randomInt(CONSUMERS)}`

/** Lists all of them once, in groups of `size`. */
export function* listConsumers(size: number): Generator<string[]> {
  for (let first = 0; first < CONSUMERS; first += size) {
    yield Array.from({ length: size }, (_, index) => `customer-${first + index}`)
  }
}

/** The text of an entry of the Secret. */
export const makeWebhookKey = () => `whsec_${randomBytes(32).toString('base64')}`
