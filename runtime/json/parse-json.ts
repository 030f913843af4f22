// Parses JSON. V8 quotes the text in its errors, so none of them leaves this function.

/** Returns undefined if `text` is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
