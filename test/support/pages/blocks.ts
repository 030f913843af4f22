// The fenced code blocks of a page.
import { readFile } from './pages.ts'

/** Returns the block of `page` in this language that contains `text`. Throws Error if none does. */
export function findBlock(page: string, language: string, text: string): string {
  const blocks = [...readFile(page).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
  const found = blocks.find(([, name, code = '']) => name === language && code.includes(text))
  if (found?.[2] === undefined) throw new Error(`${page} has no block with ${text}`)
  return found[2]
}
