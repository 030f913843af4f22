const MOST = 200

/** Puts a message into one line for an evidence. */
export function shortenLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > MOST ? `${line.slice(0, MOST - 1)}…` : line
}
