// Splits text into documents where kubectl does: at lines of `---`, or after each value of a stream of JSON.

/** `before`: the lines before it. `json`: the value, if it is JSON. `error`: why kubectl stops here. */
export type Part = { text: string; before: number; json?: unknown; error?: string | undefined }

/** Decodes a file by its byte order mark. Without one it is UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return new TextDecoder().decode(bytes)
}

/** Line breaks of Windows count as one line. */
export function splitDocuments(text: string): Part[] {
  const normal = text.replaceAll('\r\n', '\n')
  const values = splitJson(normal)
  const rest = normal.slice(values.reduce((length, each) => length + each.text.length, 0))
  // kubectl tells the format by the first two values.
  if (values.length > 1) return rest.trim() === '' ? values : [...values, stopAt(rest, values)]
  return [...values, ...splitYaml(rest, countLines(normal.slice(0, normal.length - rest.length)))]
}

function splitYaml(text: string, before: number): Part[] {
  let next = before
  return text.split(/(?<=^|\n)(?=---)/).map((part) => {
    const found = { text: `${part}\n`, before: next, error: findObstacle(part) }
    next += countLines(part)
    return found
  })
}

function findObstacle(part: string): string | undefined {
  const [first = ''] = part.split('\n')
  if (first.startsWith('---') && !/^---\s*(#|$)/.test(first)) {
    return `only a comment may follow --- on its line, not "${first.slice(3).trim()}"`
  }
  return /^(?:\s*(?:#.*)?\n)*%/.test(part) ? 'a directive (%) is not allowed' : undefined
}

/** Returns the JSON objects that the text begins with. */
function splitJson(text: string): Part[] {
  const parts: Part[] = []
  let start = 0
  for (;;) {
    const end = findEnd(text, start)
    const part = text.slice(start, end)
    try {
      if (!part.trimStart().startsWith('{')) return parts
      parts.push({ text: part, before: countLines(text.slice(0, start)), json: JSON.parse(part) })
    } catch {
      return parts
    }
    start = end
  }
}

/** Returns where the object ends that begins after white space at `start`. */
function findEnd(text: string, start: number): number {
  const tokens = /"(?:[^"\\]|\\.)*"|[{}]/gs
  tokens.lastIndex = start
  let depth = 0
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '{') depth += 1
    if (token[0] === '}') depth -= 1
    if (depth <= 0) return tokens.lastIndex
  }
  return text.length
}

function stopAt(rest: string, values: readonly Part[]): Part {
  const before = values.reduce((count, { text }) => count + countLines(text), 0)
  return { text: rest, before, error: 'not JSON, although the documents before it are' }
}

const countLines = (text: string) => text.split('\n').length - 1
