// Makes an Answer of a result, so that callers see no difference between a message of its own and one of many.
import { STATUS_CODES } from 'node:http'
import type { Reply } from './collector.ts'
import type { Answer } from './http-client.ts'

/** Those that the answer to the whole call has, and the one about a message has otherwise. */
const replaced = new Set(['content-type', 'content-length', 'transfer-encoding', 'x-request-id'])

type Pairs = [string, string][]

/** Returns the answer about one message. Without a result it is the signer's own answer. */
export function toAnswer({ answer, result }: Reply, requestId: string): Answer {
  if (result === undefined) return answer
  if (!('problem' in result)) {
    const signed = 'webhook' in result ? result.webhook : result.signed
    return makeAnswer(answer, requestId, 200, 'application/json', signed)
  }
  const { problem } = result
  const { status, retry_after: seconds } = problem
  const headers: Pairs = Number.isInteger(seconds) ? [['retry-after', String(seconds)]] : []
  return makeAnswer(answer, requestId, status, 'application/problem+json', problem, headers)
}

function makeAnswer(
  call: Answer,
  requestId: string,
  status: number,
  type: string,
  value: object,
  others: Pairs = [],
): Answer {
  const body = Buffer.from(JSON.stringify(value))
  const pairs: Pairs = [...others]
  for (let index = 0; index < call.rawHeaders.length; index += 2) {
    const [name = '', text = ''] = call.rawHeaders.slice(index, index + 2)
    if (!replaced.has(name.toLowerCase())) pairs.push([name, text])
  }
  pairs.push(['content-type', type], ['x-request-id', requestId])
  pairs.push(['content-length', String(body.length)])
  const headers = Object.fromEntries(pairs.map(([name, text]) => [name.toLowerCase(), text]))
  return { status, statusText: STATUS_CODES[status] ?? '', headers, rawHeaders: pairs.flat(), body }
}
