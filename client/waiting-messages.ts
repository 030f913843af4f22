// The messages that wait for a call, in order and bounded.
import type { OutgoingHttpHeaders } from 'node:http'

export type Message = {
  /** The body of a request of its own: the JSON of an object that is not empty, with fields of POST /sign. */
  text: string
  /** 1 to 64 of A-Z a-z 0-9 . _ - */
  requestId: string
  traceId: string | undefined
  /** Only of a webhook: the id that it asks for, if any. */
  webhook?: { id: string | undefined } | undefined
  /** The headers of a request of its own. */
  headers: OutgoingHttpHeaders
  /** Returns true if nobody needs the answer any more. */
  isOver?: () => boolean
}

/** The most that one call takes. */
const MAX_MESSAGES = 128
const MAX_CHARACTERS = 128 * 1024
/** The signer makes no more signatures in a call. It refuses the messages behind that. */
const MAX_SIGNATURES = 1_000
/** The most that wait. A character takes one or two bytes of memory. */
const MAX_WAITING = 1_024
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024

/** Makes the list. An entry is what the caller keeps about a message. */
export function createWaitingMessages<Entry extends { message: Message }>() {
  // By request id, which is unique within a call.
  const entries = new Map<string, Entry>()
  let characters = 0

  function remove(entry: Entry): boolean {
    const { requestId, text } = entry.message
    if (entries.get(requestId) !== entry) return false
    characters -= text.length
    return entries.delete(requestId)
  }

  return {
    has: (requestId: string) => entries.has(requestId),
    count: () => entries.size,
    /** Returns false if it is full. */
    add: (entry: Entry): boolean => {
      const { requestId, text } = entry.message
      if (entries.size >= MAX_WAITING) return false
      if (characters + text.length > MAX_WAITING_CHARACTERS) return false
      characters += text.length
      entries.set(requestId, entry)
      return true
    },
    /** Returns false if the entry does not wait. */
    remove,
    /** Removes and returns the entries of the next call. A webhook needs so many signatures, and a raw message needs one. */
    take: (ofWebhook: number): Entry[] => {
      const taken: Entry[] = []
      let length = 0
      let signatures = 0
      for (const entry of entries.values()) {
        const { text, webhook } = entry.message
        length += text.length
        signatures += webhook === undefined ? 1 : ofWebhook
        const isFull = length > MAX_CHARACTERS || signatures > MAX_SIGNATURES
        if (taken.length === MAX_MESSAGES || (taken.length > 0 && isFull)) break
        remove(entry)
        if (entry.message.isOver?.() !== true) taken.push(entry)
      }
      return taken
    },
  }
}
