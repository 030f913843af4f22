// The form `items` of POST /sign/batch: requests of several callers in one call. Each is signed or refused by itself.
import type * as z from 'zod/mini'
import { type SignItemResult, signItem } from '../../runtime/contract.ts'
import { AppError, statusOf } from '../../runtime/errors.ts'
import { toProblem } from '../../runtime/http/problem.ts'
import { explainIssue } from '../../runtime/json/json-body.ts'
import type { Outcome } from '../audit-lines.ts'
import { decodeMessage } from '../message.ts'
import type { SignMessages } from '../signing.ts'

/** `traceId` is empty if there is none. `request` is an error if the item is invalid. */
type Item = { id: string; traceId: string; request: z.output<typeof signItem> | AppError }
/** `fingerprint` is empty for an item that is refused. */
type Done = { item: Item; result: SignItemResult; fingerprint: string }

/**
 * Returns a result for each item, in their order, and what goes into the audit log. Throws AppError invalid_request if
 * an item has no valid and unique id, frozen, or key_unavailable.
 */
export function signItems(
  sign: SignMessages,
  values: readonly unknown[],
): { results: SignItemResult[]; outcomes: Outcome[] } {
  const items = values.map(readItem)
  requireUniqueIds(items)
  const done = items.map((item) => signOne(sign, item))
  const groups = Map.groupBy(done, ({ result }) =>
    'problem' in result ? result.problem.code : `signed ${result.key_id}`,
  )
  const outcomes = [...groups.values()].map(describeGroup)
  return { results: done.map(({ result }) => result), outcomes }
}

function readItem(value: unknown, index: number): Item {
  const { data, error } = signItem.safeParse(value)
  if (data !== undefined) {
    return { id: data.request_id, traceId: data.trace_id ?? '', request: data }
  }
  const { issues } = error
  const find = (name: string) => issues.find(({ path: [field] }) => field === name)
  // An item without an id has no answer that its caller could find.
  const fatal = typeof value === 'object' && value !== null ? find('request_id') : issues[0]
  if (fatal !== undefined) {
    throw explainIssue({ ...fatal, path: ['items', index, ...fatal.path] })
  }
  const { request_id: id = '', trace_id: traceId = '' } = value as Record<string, string>
  return { id, traceId: find('trace_id') ? '' : traceId, request: explainIssue(issues[0]) }
}

function requireUniqueIds(items: readonly Item[]): void {
  const ids = new Set<string>()
  for (const [index, { id }] of items.entries()) {
    const field = `items.${index}.request_id`
    if (ids.has(id)) throw new AppError('invalid_request', `${field}: must be unique`, { field })
    ids.add(id)
  }
}

function signOne(sign: SignMessages, item: Item): Done {
  const { id, request } = item
  try {
    if (request instanceof AppError) throw request
    const message = decodeMessage(request.message, request.encoding)
    const { keyId, signatures, fingerprints } = sign(request.key_id, [message])
    const [[signature = ''], [fingerprint = '']] = [signatures, fingerprints]
    const result = { request_id: id, signature, key_id: keyId, algorithm: 'HMAC-SHA256' } as const
    return { item, result, fingerprint }
  } catch (error) {
    // A freeze, or no key, concerns the whole call.
    if (!(error instanceof AppError) || statusOf[error.code] >= 500) throw error
    const result = { request_id: id, problem: toProblem(error, id) }
    return { item, result, fingerprint: '' }
  }
}

/** Describes the items that one key signed, or that have the same error. */
function describeGroup(group: readonly Done[]): Outcome {
  const result = group[0]?.result as SignItemResult
  const traceIds = group.map(({ item }) => item.traceId)
  return {
    ...('problem' in result
      ? { outcome: result.problem.code, count: 0 }
      : {
          outcome: 'signed',
          count: group.length,
          key_id: result.key_id,
          fingerprints: group.map(({ fingerprint }) => fingerprint),
        }),
    request_ids: group.map(({ item }) => item.id),
    ...(traceIds.some((id) => id !== '') && { trace_ids: traceIds }),
  }
}
