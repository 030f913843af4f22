// Reads the token that is mounted into a container. Sent into it as it is, see probe.ts.
import { readFile } from 'node:fs/promises'

export function readToken(file: string): Promise<string> {
  return readFile(file, 'utf8')
}
