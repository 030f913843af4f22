// What is left of a signed webhook after the tolerance of its receivers: each cut, at the clock at which a receiver would take it.
import { type Cut, listCuts } from './cuts.ts'
import { readLatest } from './readings.ts'
import { receive, type WebhookHeaders } from './receivers.ts'
import { type Library, libraries, type Received, verifyWith } from './verifiers.ts'

/** Longer than the tolerance of every library. */
export const EXPIRED_SECONDS = 301

/** `key`: that of its receiver. */
export type Signed = { key: Uint8Array; headers: WebhookHeaders; body: Uint8Array }
export type Forgery = { by: Library | 'a receiver without a library'; text: string; signed: Signed }

/** Returns every cut that a receiver accepts after the tolerance, until 2100. */
export async function findForgeries(all: readonly Signed[]): Promise<Forgery[]> {
  const tried = all.flatMap((signed) =>
    listCuts(signed.headers, signed.body)
      .map((cut) => ({ signed, cut, received: atBestClock(signed, cut) }))
      .toArray(),
  )
  const received = tried.map((each) => each.received)
  const found = libraries.map(async (by): Promise<Forgery[]> => {
    const accepted = await verifyWith(by, received)
    return tried
      .filter((_, index) => accepted[index])
      .map(({ signed, cut: { text } }) => ({ by, text, signed }))
  })
  const others = tried
    .filter(({ signed, cut }) => !cut.isOwn && readLatest(cut.text) >= expiryOf(signed))
    .map(({ signed, cut: { text } }) => ({
      by: 'a receiver without a library' as const,
      text,
      signed,
    }))
  return [...(await Promise.all(found)).flat(), ...others]
}

/** The cut at the clock that it claims, or else at the first after the tolerance. */
function atBestClock(signed: Signed, { headers, body, text }: Cut): Received {
  return receive(signed.key, headers, body, Math.max(readLatest(text), expiryOf(signed)))
}

function expiryOf({ headers }: Signed): number {
  return Number(headers['webhook-timestamp']) + EXPIRED_SECONDS
}

/** How many different webhooks each receiver was fooled with. */
export function countFooled(forgeries: readonly Forgery[]): Record<string, number> {
  const by = Map.groupBy(forgeries, (each) => each.by)
  return Object.fromEntries(
    [...by].map(([name, list]) => [name, new Set(list.map(({ signed }) => signed)).size]),
  )
}
