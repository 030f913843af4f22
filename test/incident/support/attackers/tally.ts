// What an attacker has got: how many signatures, and when the last one.
export type Tally = {
  signed: number
  /** When the last answer with signatures came, in milliseconds since 1970. 0 without one. */
  lastAt: number
  /** How many requests ended in each way: "signed", an error code, or the error of the connection. */
  ends: Record<string, number>
}

export const newTally = (): Tally => ({ signed: 0, lastAt: 0, ends: {} })

/** Counts an answer by its text, which holds signatures or an error code. */
export function countAnswer(tally: Tally, text: string): void {
  const signatures = countSignatures(text)
  const code = /"code":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 60)
  countEnd(tally, signatures > 0 ? 'signed' : code)
  if (signatures === 0) return
  tally.signed += signatures
  tally.lastAt = Date.now()
}

/** Counts the signatures in an answer of any form. */
export function countSignatures(text: string): number {
  return text.match(/"[0-9a-f]{64}"/g)?.length ?? 0
}

export function countEnd({ ends }: Tally, how: string): void {
  ends[how] = (ends[how] ?? 0) + 1
}
