// The business logic: what the frontend does to a message before the signer signs it.

/** Returns the message in upper case, by the rules of Unicode for no locale. It may get longer: "ß" becomes "SS". */
export function processMessage(message: string): string {
  return message.toUpperCase()
}
