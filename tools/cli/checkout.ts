// The root folder of this checkout. All programs of tools/ and all tests build their paths from it.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

export const CHECKOUT = resolve(import.meta.dirname, '../..')

/**
 * Reads a text file of this checkout for a hash, a shell or an image. Line breaks are LF, because archives and old clones may
 * have CRLF.
 */
export async function readText(path: string): Promise<string> {
  return (await readFile(resolve(CHECKOUT, path), 'utf8')).replaceAll('\r\n', '\n')
}
