// Which key signed a token.
import { readFile } from 'node:fs/promises'
import { decodeProtectedHeader } from 'jose'

/** Returns the id of the key that signed the token in `file`. */
export async function readKid(file: string): Promise<string> {
  return String(decodeProtectedHeader((await readFile(file, 'utf8')).trim()).kid)
}
