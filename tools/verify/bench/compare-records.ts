// Compares what a load left in the signer's counter and in its audit log.

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
