// A record of the audit log, and the text that its MAC covers.
import { createHmac, type KeyObject } from 'node:crypto'
import { z } from 'zod'

/** The fields, in the order in which the signer writes them. `mac` is the last. */
const order = [
  ...['time', 'event', 'request_id', 'trace_id', 'caller', 'route', 'outcome', 'count', 'key_id'],
  ...[
    'fingerprints',
    'consumers',
    'request_ids',
    'trace_ids',
    'part',
    'parts',
    'instance',
    'seq',
    'prev',
    'mac',
  ],
] as const

/** Characters of base64url, which are 18 bytes. A fingerprint is as long. */
export const MAC_LENGTH = 24

const text = z.string()
const texts = z.array(text)
const count = z.int().nonnegative()
const digest = z.string().regex(/^[\w-]{24}$/)
const instance = z.string().regex(/^[\w-]{22}$/)
const known = {
  ...{ time: text, event: z.literal('audit'), request_id: text.optional() },
  ...{ trace_id: text.optional(), caller: text.optional(), route: text.optional() },
  ...{ outcome: text, count, key_id: text.optional(), fingerprints: z.array(digest).optional() },
  ...{ consumers: texts.optional(), request_ids: texts.optional(), trace_ids: texts.optional() },
  ...{ part: count.optional(), parts: count.optional() },
  ...{ instance: instance.optional(), seq: z.int().positive().optional() },
  ...{ prev: digest.optional(), mac: digest.optional() },
}
const schema = z.object(known)

export type AuditRecord = z.infer<typeof schema>

/** Returns the record in an object that may have other fields and another order. Returns undefined if a field is wrong. */
export function readFields(fields: object): AuditRecord | undefined {
  return schema.safeParse(fields).data
}

/** Returns the line that the signer writes for a record. */
export function formatRecord(record: AuditRecord): string {
  const fields = order.map((name) => [name, record[name as keyof AuditRecord]] as const)
  return JSON.stringify(Object.fromEntries(fields.filter(([, value]) => value !== undefined)))
}

/** Computes the MAC of a record from the other fields. */
export function computeMac(key: KeyObject, { mac: _mac, ...record }: AuditRecord): string {
  // Not the signer's function: it takes ASCII only, and an edited record may have characters that it would read as ASCII.
  const digest = createHmac('sha512', key).update(formatRecord(record)).digest('base64url')
  return digest.slice(0, MAC_LENGTH)
}

/** Returns what is wrong with the numbers of a record, if anything is. */
export function findWrongCount({ outcome, count, ...lists }: AuditRecord): string | undefined {
  const { fingerprints, consumers, request_ids: ids, trace_ids: traceIds } = lists
  if (outcome === 'signed' && fingerprints?.length !== count) {
    return `count is ${count}, but the record has ${fingerprints?.length ?? 0} fingerprints`
  }
  const lengths = { consumers, ids, 'trace ids': traceIds }
  const uneven = Object.entries(lengths).find(
    ([, each]) => each !== undefined && fingerprints !== undefined && each.length !== count,
  )
  return uneven && `count is ${count}, but the list of ${uneven[0]} has another length`
}
