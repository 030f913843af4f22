// The form `items` of POST /sign/batch: requests of several callers in one call. Each is signed or refused by itself.
import {
  MAX_BATCH_MESSAGES,
  type SignItemResult,
  type SignRequest,
  signItem,
  webhookItem,
} from '../../runtime/contract.ts'
import { AppError, statusOf } from '../../runtime/errors.ts'
import { toProblem } from '../../runtime/http/problem.ts'
import { explainIssue } from '../../runtime/json/json-body.ts'
import type { Outcome } from '../audit-lines.ts'
import { hasField } from '../message.ts'
import type { Signing } from '../signing.ts'
import { signOne } from './sign-endpoint.ts'

/** `traceId` is empty if there is none. `request` is an error if the item is invalid. */
type Item = { id: string; traceId: string; request: SignRequest | AppError }
type Done = { item: Item; result: SignItemResult; outcomes: readonly Outcome[] }

/** A webhook may have many signatures, and their audit lines have to fit into the memory. */
const tooMany = new AppError('rate_limited', 'send fewer items in a call', { retryAfter: 1 })

/**
 * Returns a result for each item, in their order, and what goes into the audit log. Throws AppError invalid_request if
 * an item has no valid and unique id, frozen, or key_unavailable.
 */
export function signItems(signing: Signing, values: readonly unknown[]) {
  const items = values.map(readItem)
  const ids = new Set<string>()
  for (const [index, { id }] of items.entries()) {
    const field = `items.${index}.request_id`
    if (ids.has(id)) throw new AppError('invalid_request', `${field}: must be unique`, { field })
    ids.add(id)
  }
  let left = MAX_BATCH_MESSAGES
  const done = items.map((item) => {
    const each = signItemOf(signing, left > 0 ? item : { ...item, request: tooMany })
    for (const { count } of each.outcomes) left -= count
    return each
  })
  const parts = done.flatMap(({ item, outcomes }) => outcomes.map((outcome) => ({ item, outcome })))
  const groups = Map.groupBy(parts, ({ outcome: { outcome, key_id: id } }) => `${outcome} ${id}`)
  const outcomes = [...groups.values()].map(describeGroup)
  return { results: done.map(({ result }) => result), outcomes }
}

function readItem(value: unknown, index: number): Item {
  const { data, error } = (hasField(value, 'body') ? webhookItem : signItem).safeParse(value)
  if (data !== undefined) {
    const { request_id: id, trace_id: traceId = '', ...request } = data
    return { id, traceId, request }
  }
  const { issues } = error
  const find = (name: string) => issues.find(({ path: [field] }) => field === name)
  // An item without an id has no answer that its caller could find.
  const fatal = find('request_id') ?? (hasField(value, 'request_id') ? undefined : issues[0])
  if (fatal !== undefined) {
    throw explainIssue({ ...fatal, path: ['items', index, ...fatal.path] })
  }
  const { request_id: id = '', trace_id: traceId = '' } = value as Record<string, string>
  return { id, traceId: find('trace_id') ? '' : traceId, request: explainIssue(issues[0]) }
}

function signItemOf(signing: Signing, item: Item): Done {
  const { id, request } = item
  try {
    if (request instanceof AppError) throw request
    const { response, outcomes } = signOne(signing, request)
    return { item, result: { request_id: id, ...response }, outcomes }
  } catch (error) {
    // A freeze, or no key, concerns the whole call.
    if (!(error instanceof AppError) || statusOf[error.code] >= 500) throw error
    const result = { request_id: id, problem: toProblem(error, id) }
    return { item, result, outcomes: [{ outcome: error.code, count: 0 }] }
  }
}

/** Describes what one key signed, or the items that have the same error. The lists have an entry for each signature. */
function describeGroup(group: readonly { item: Item; outcome: Outcome }[]): Outcome {
  const rows = group.flatMap(({ item, outcome }) =>
    (outcome.fingerprints ?? ['']).map((fingerprint) => ({ item, outcome, fingerprint })),
  )
  const [{ outcome, key_id: keyId } = { outcome: 'internal' }] = rows.map((row) => row.outcome)
  const consumers = rows.map((row) => row.outcome.consumers?.[0] ?? '')
  const traceIds = rows.map(({ item }) => item.traceId)
  return {
    ...{ outcome, count: keyId === undefined ? 0 : rows.length },
    ...(keyId && { key_id: keyId, fingerprints: rows.map(({ fingerprint }) => fingerprint) }),
    ...(consumers.some((each) => each !== '') && { consumers }),
    request_ids: rows.map(({ item }) => item.id),
    ...(traceIds.some((each) => each !== '') && { trace_ids: traceIds }),
  }
}
