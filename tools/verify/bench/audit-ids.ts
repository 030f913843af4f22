// Reads the request ids of signatures from a log of the container runtime.
import { z } from 'zod'

const signedLine = z.object({
  event: z.literal('audit'),
  outcome: z.literal('signed'),
  request_id: z.string(),
  /** Of a call with several messages. */
  request_ids: z.array(z.string()).optional(),
})

/** Returns the lines of standard output. The container runtime splits long ones, and marks all parts but the last with P. */
export function joinLines(log: string): string[] {
  const lines: string[] = []
  let begun = ''
  for (const line of log.split('\n')) {
    const [, tag, text = ''] = /^\S+ stdout ([PF]) (.*)$/.exec(line) ?? []
    if (tag === undefined) continue
    begun += text
    if (tag === 'P') continue
    lines.push(begun)
    begun = ''
  }
  return lines
}

/** Returns the id of each signature, in the order of the log. */
export function listSignedIds(lines: readonly string[]): string[] {
  return lines
    .filter((line) => line.includes('"outcome":"signed"'))
    .flatMap((line) => {
      const { request_id, request_ids } = signedLine.parse(JSON.parse(line))
      return request_ids ?? [request_id]
    })
}

/**
 * Describes what a load left in the counter and in the audit log. Throws if they do not have each of `messages` exactly once.
 * `served`: the messages that the load had signed.
 */
export function compareRecords(
  messages: number,
  found: { served: number; signatures: number; ids: readonly string[] },
): string {
  const { served, signatures, ids } = found
  const distinct = new Set(ids).size
  const text = `${served} messages, ${signatures} signatures, ${ids.length} request ids in the audit log, ${distinct} of them distinct`
  const isWhole = [served, signatures, ids.length, distinct].every((each) => each === messages)
  if (!isWhole) throw new Error(`not every signature is on record: ${text}`)
  return text
}
