// What an attacker has got: how many signatures, and when the last one.
export type Tally = {
  signed: number
  /** When the last answer with signatures came, in milliseconds since 1970. 0 without one. */
  lastAt: number
  /** When its request was sent. */
  lastSentAt: number
  /** How each request ended: its status and error code, or the error of its connection. */
  ends: Record<string, number>
}

export const newTally = (): Tally => ({ signed: 0, lastAt: 0, lastSentAt: 0, ends: {} })

/** Counts an answer by its text, which holds signatures or an error code. */
export function countAnswer(tally: Tally, text: string, sentAt: number): void {
  const signatures = text.match(/"[0-9a-f]{64}"/g)?.length ?? 0
  const code = /"code":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 60)
  countEnd(tally, signatures > 0 ? 'signed' : code)
  if (signatures === 0) return
  tally.signed += signatures
  tally.lastAt = Date.now()
  tally.lastSentAt = sentAt
}

export function countEnd({ ends }: Tally, how: string): void {
  ends[how] = (ends[how] ?? 0) + 1
}
