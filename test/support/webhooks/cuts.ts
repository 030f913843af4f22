// What somebody who has a signed webhook can send instead: the same signed bytes, cut at other dots into id, timestamp and body,
// with each spelling of the timestamp that the libraries write as the same number.
import type { WebhookHeaders } from './receivers.ts'

/** `text` is the part of the signed bytes that is the timestamp, and `isOwn` says that the webhook is unchanged. */
export type Cut = { headers: WebhookHeaders; body: Buffer; text: string; isOwn: boolean }

/** A number has one dot at most. */
const MOST_PARTS = 2
const DOT = 0x2e
/** Every number that a receiver reads has one. */
const digit = /\p{Nd}/u

/** Yields the cuts, the unchanged webhook first. */
export function* listCuts(signed: WebhookHeaders, body: Uint8Array): Generator<Cut> {
  const head = Buffer.from(`${signed['webhook-id']}.${signed['webhook-timestamp']}.`)
  const bytes = Buffer.concat([head, body])
  const dots = [...findDots(bytes)]
  for (const [at, start] of dots.entries()) {
    for (const end of dots.slice(at + 1, at + 1 + MOST_PARTS)) {
      const text = bytes.toString('utf8', start + 1, end)
      if (!digit.test(text)) continue
      const id = bytes.toString('utf8', 0, start)
      const rest = { body: bytes.subarray(end + 1), text, isOwn: end === head.length - 1 }
      for (const timestamp of listSpellings(text)) {
        const headers = { ...signed, 'webhook-id': id, 'webhook-timestamp': timestamp }
        yield { headers, ...rest }
      }
    }
  }
}

function* findDots(bytes: Buffer): Generator<number> {
  for (let at = bytes.indexOf(DOT); at >= 0; at = bytes.indexOf(DOT, at + 1)) yield at
}

/** The text itself, and other texts that one of the libraries reads as the same number. */
function listSpellings(text: string): string[] {
  if (!/^\d{1,15}$/.test(text)) return [text]
  const others = [`+${text}`, `0${text}`, ` ${text}\t`, `${text}.9`, `${text}e0`, `${text}abc`]
  return [text, ...others, `0.${text}e${text.length}`, text.split('').join('_')]
}
