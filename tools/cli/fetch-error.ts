// Explains a failed fetch in one line. Node.js puts the reason into the cause.
export function explainFetchError(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  // The error of a host with several addresses has a code and no message.
  return cause.message || ('code' in cause ? String(cause.code) : cause.name)
}
