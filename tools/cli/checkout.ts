// The root folder of this checkout. All programs of tools/ and all tests build their paths from it.
import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'

export const CHECKOUT = resolve(import.meta.dirname, '../..')

/** Returns the path as the user types it: from the current folder, if the file is in it. */
export function showPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short || '.'
}

/**
 * Reads a text file of this checkout for a hash, a shell or an image. Line breaks are LF, because archives and old clones may
 * have CRLF.
 */
export async function readText(path: string): Promise<string> {
  return (await readFile(resolve(CHECKOUT, path), 'utf8')).replaceAll('\r\n', '\n')
}
