// Collects messages under load, as a database commits in groups. With nothing on its way, a message goes at once and alone.
// Otherwise it waits, and the next call takes all that wait. One that waits by itself goes alone, too.
import { createCallSchedule } from './call-schedule.ts'
import { countSignatures, makeCall, type Result, readAlone, readResults } from './collected-call.ts'
import type { Answer } from './http-client.ts'
import type { SendUntil } from './signed-request.ts'
import { SignerError } from './signer-error.ts'
import { createWaitingMessages, type Message } from './waiting-messages.ts'

/** How long messages go alone after a signer that does not know `items`. */
const ALONE_MS = 60_000
/** The signer makes no more signatures for a webhook. */
const MAX_OF_WEBHOOK = 16
/** Not the signer's answers about a message, but about a call that it or a proxy does not know or allow. */
const refusesCall = new Set([400, 403, 404, 405, 413])

/** What the signer says about a message. Without `result` it is `answer`, else a part of it. */
export type Reply = { answer: Answer; result: Result | undefined }
/** Rejects with SignerError. */
export type Collect = (message: Message) => Promise<Reply>

export type CollectorOptions = {
  send: SendUntil
  /** The path for one message. */
  path: string
  /** The deadline of each message: waiting, and all attempts. */
  timeoutMs: number
}

type Call = { last: Entry; deadline: AbortController }
type Entry = {
  message: Message
  resolve: (reply: Reply) => void
  reject: (error: unknown) => void
  isOver: boolean
  timer?: NodeJS.Timeout
  call?: Call
}

/** Makes the collector. */
export function createCollector({ send, path, timeoutMs }: CollectorOptions): Collect {
  const waiting = createWaitingMessages<Entry>()
  const schedule = createCallSchedule(waiting.count, startNext)
  let isAlone = false
  /** How many a webhook of the newest answer has, at most. It depends on the signer's keys and on the versions of a consumer. */
  let signatures = MAX_OF_WEBHOOK

  function collect(message: Message): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const entry: Entry = { message, resolve, reject, isOver: false }
      // Within a call each request id is unique.
      const goesAlone = isAlone || waiting.has(message.requestId)
      if (!goesAlone && !waiting.add(entry)) {
        reject(new SignerError('overloaded', 'too many messages wait for the signer, try again'))
        return
      }
      entry.timer = setTimeout(expire, timeoutMs, entry)
      if (goesAlone) void sendAlone(entry)
      else schedule.notice()
    })
  }

  function expire(entry: Entry): void {
    // Only the last message's deadline ends a call. All have the same time, so the last one handed in is the last one to end.
    if (!waiting.remove(entry) && entry.call?.last === entry) entry.call.deadline.abort()
    else fail(entry, new SignerError('signer_timeout', 'the signer did not answer in time'))
  }

  function startNext(): void {
    const entries = waiting.take(signatures)
    if (entries.length === 0) return
    const isOne = entries.length === 1 || isAlone
    const call = () => (isOne ? Promise.all(entries.map(sendAlone)) : sendTogether(entries))
    void schedule.run(entries.length, call)
  }

  async function sendAlone(entry: Entry): Promise<void> {
    const deadline = new AbortController()
    entry.call = { last: entry, deadline }
    const { text, headers } = entry.message
    const request = { method: 'POST', headers, body: Buffer.from(text) }
    try {
      const answer = await send(request, deadline.signal)
      learn(readAlone(entry.message, answer))
      settle(entry, { answer, result: undefined })
    } catch (error) {
      fail(entry, error)
    }
  }

  async function sendTogether(entries: Entry[]): Promise<void> {
    const deadline = new AbortController()
    const call = { last: entries.at(-1) as Entry, deadline }
    for (const entry of entries) entry.call = call
    const messages = entries.map(({ message }) => message)
    try {
      const answer = await send(makeCall(messages, path), deadline.signal)
      if (refusesCall.has(answer.status)) {
        stopCollecting()
        await Promise.all(entries.filter(({ isOver }) => !isOver).map(sendAlone))
        return
      }
      const results = answer.status === 200 ? readResults(messages, answer) : []
      learn(results)
      entries.forEach((entry, index) => {
        settle(entry, { answer, result: results[index] })
      })
    } catch (error) {
      for (const entry of entries) fail(entry, error)
    }
  }

  function learn(results: readonly Result[]): void {
    const most = Math.max(...results.map(countSignatures), 0)
    if (most > 0) signatures = most
  }

  // Each message then goes as it did before messages were collected.
  function stopCollecting(): void {
    isAlone = true
    setTimeout(() => {
      isAlone = false
    }, ALONE_MS).unref()
  }

  return collect
}

function settle(entry: Entry, reply: Reply): void {
  entry.isOver = true
  clearTimeout(entry.timer)
  entry.resolve(reply)
}

function fail(entry: Entry, error: unknown): void {
  entry.isOver = true
  clearTimeout(entry.timer)
  entry.reject(error)
}
