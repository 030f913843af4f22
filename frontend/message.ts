// The business logic: what becomes of a message before it is signed.

/** Returns the message in upper case, by Unicode's rules and in no locale; it may get longer ("ß" becomes "SS"). */
export function processMessage(message: string): string {
  return message.toUpperCase()
}
