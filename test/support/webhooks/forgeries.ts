// What is left of a signed webhook after the tolerance of its receivers: each cut, at the clock at which a receiver would take
// it.
import { type Cut, listCuts } from './cuts.ts'
import { readLatest } from './readings.ts'
import { receive, type WebhookHeaders } from './receivers.ts'
import { type Library, libraries, type Received, verifyWith } from './verifiers.ts'

/** Longer than the tolerance of every library. */
export const EXPIRED_SECONDS = 301

/** `key`: that of its receiver. */
export type Signed = { key: Uint8Array; headers: WebhookHeaders; body: Uint8Array }
export type Forgery = { by: Library | 'a receiver without a library'; text: string; signed: Signed }

/** So many are tried at once, because each has many cuts. */
const AT_ONCE = 2_000

/**
 * Returns every cut that a receiver accepts: at the machine's clock, or at any clock between the end of the tolerance and 2100. A
 * receiver without a library is counted if it may accept one later.
 */
export async function findForgeries(
  all: readonly Signed[],
  clock: 'any' | "the machine's" = 'any',
): Promise<Forgery[]> {
  const found: Forgery[] = []
  for (let at = 0; at < all.length; at += AT_ONCE) {
    found.push(...(await tryAll(all.slice(at, at + AT_ONCE), clock === 'any')))
  }
  return found
}

async function tryAll(all: readonly Signed[], hasAnyClock: boolean): Promise<Forgery[]> {
  const tried = all.flatMap((signed) =>
    listCuts(signed.headers, signed.body)
      .map((cut) => ({ signed, cut }))
      .toArray(),
  )
  const received = tried.map(({ signed, cut }) => toReceived(signed, cut, hasAnyClock))
  const byLibrary = libraries.map(async (by): Promise<Forgery[]> => {
    const accepted = await verifyWith(by, received)
    return tried
      .filter((_, index) => accepted[index])
      .map(({ signed, cut: { text } }) => ({ by, text, signed }))
  })
  const others = tried
    .filter(({ signed, cut }) => !cut.isOwn && readLatest(cut.text) >= expiryOf(signed))
    .map(({ signed, cut: { text } }) => ({
      by: 'a receiver without a library' as const,
      ...{ text, signed },
    }))
  return [...(await Promise.all(byLibrary)).flat(), ...others]
}

/** With any clock, the cut comes at the time that it claims, or else at the first after the tolerance. */
function toReceived(signed: Signed, { headers, body, text }: Cut, hasAnyClock: boolean): Received {
  const best = Math.max(readLatest(text), expiryOf(signed))
  return receive(signed.key, headers, body, hasAnyClock ? best : undefined)
}

function expiryOf({ headers }: Signed): number {
  return Number(headers['webhook-timestamp']) + EXPIRED_SECONDS
}

/** Counts the webhooks that each receiver was fooled with. */
export function countFooled(forgeries: readonly Forgery[]): Record<string, number> {
  const by = Map.groupBy(forgeries, (each) => each.by)
  const counts = [...by].map(([name, list]) => [
    name,
    new Set(list.map((each) => each.signed)).size,
  ])
  return Object.fromEntries(counts)
}
