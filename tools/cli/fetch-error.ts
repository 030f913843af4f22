// Explains a failed fetch in one line. Node.js puts the reason into the cause.
export function explainFetchError(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
