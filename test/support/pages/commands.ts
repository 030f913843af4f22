// The commands of the pages: lines of code blocks, and whole commands in the text.
import { pages, readFile } from './pages.ts'

/** `text`: the whole command without its comment. */
export type Command = { page: string; text: string }

const isOpen = /(\\|\|)$/
/** JSON, YAML and output of programs. */
const isData = /^(\{|"|egress: |key-2 signs\.)/
/** Commands in the text, with at least two arguments. */
const inline = /`((?:kubectl|linkerd|vault|aws|az|gcloud|vitest) (?:[^`\s]+\s+){2,}[^`]*)`/g

export function listCommands(): Command[] {
  return pages.flatMap((page) => listOf(readFile(page)).map((text) => ({ page, text })))
}

/** Lists the commands in code blocks without a language, then those in the text. */
export function listOf(markdown: string): string[] {
  const inText = [...markdown.matchAll(inline)].map(([, text = '']) => text.replace(/\s+/g, ' '))
  const inBlocks = listBlocks(markdown).flatMap((lines) => {
    const prompted = lines.filter((line) => line.startsWith('$ '))
    return joinOpen(prompted.length > 0 ? prompted.map((line) => line.slice(2)) : lines)
      .map((line) => line.replace(/\s+# .*$/, '').trim())
      .filter((line) => line !== '' && !line.startsWith('#') && !isData.test(line))
  })
  return [...inBlocks, ...inText]
}

/** Lists the code blocks, without their indentation. */
function listBlocks(markdown: string): string[][] {
  const blocks: string[][] = []
  let fence: string | undefined
  let isInside = false
  for (const line of markdown.split('\n')) {
    const [, language] = /^```(.*)$/.exec(line) ?? []
    if (language !== undefined) {
      fence = fence === undefined ? language : undefined
      isInside = false
      continue
    }
    const isCode = fence === undefined ? /^ {4}/.test(line) : fence === ''
    if (isCode && !isInside) blocks.push([])
    if (isCode) blocks.at(-1)?.push(line.trim())
    isInside = isCode
  }
  return blocks
}

function joinOpen(lines: readonly string[]): string[] {
  const joined: string[] = []
  let isGoingOn = false
  for (const line of lines) {
    if (isGoingOn) joined.push(`${joined.pop()?.replace(/\\$/, '')} ${line}`)
    else joined.push(line)
    isGoingOn = isOpen.test(line.replace(/\s+# .*$/, ''))
  }
  return joined
}
