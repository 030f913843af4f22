// Reads the lines of a log, of any length, in pieces. Each value of a JSON array, or of JSON over several lines, is a line.

import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** `number`: the line of the file, from 1. `cut`: the file ends within this line, or within this document. */
export type Line = { number: number; text: string; cut?: 'line' | 'document' }

/** Longer lines are no log of a signer. They are left out, so that memory stays bounded. */
const MAX_LINE = 64 * 1024 * 1024
/** Of a line that is cut. It is more than the longest record, which has 16 KiB. */
const SHOWN = 64 * 1024
const [NEWLINE, QUOTE, BACKSLASH, OPEN, CLOSE] = [10, 34, 92, 123, 125]

/** Yields lists of lines. `bytes` may be compressed with gzip. */
export async function* readLines(bytes: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  let split: ((text: string, isEnd: boolean) => Line[]) | undefined
  let begun = ''
  for await (const text of decode(bytes)) {
    if (split !== undefined) {
      yield split(text, false)
      continue
    }
    begun += text
    if (begun.trim() === '') continue
    split = isJsonDocument(begun) ? createValueSplitter() : createLineSplitter()
    yield split(begun, false)
  }
  if (split !== undefined) yield split('', true)
}

/** True for an array, and for JSON with line breaks. `[pod/…` is a prefix of kubectl. */
function isJsonDocument(text: string): boolean {
  return /^\s*(?:\[\s*(?:[{\]]|$)|\{\s*\n)/.test(text)
}

async function* decode(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const iterator = bytes[Symbol.asyncIterator]()
  const { value: first = Buffer.alloc(0) } = await iterator.next()
  async function* all() {
    yield first
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  const isGzip = first[0] === 0x1f && first[1] === 0x8b
  const decoder = new TextDecoder(first[0] === 0xff && first[1] === 0xfe ? 'utf-16le' : 'utf-8')
  const plain: AsyncIterable<Buffer> = isGzip ? Readable.from(all()).compose(createGunzip()) : all()
  for await (const chunk of plain) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

function createLineSplitter() {
  let number = 1
  let rest = ''
  return (text: string, isEnd: boolean): Line[] => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    const lines: Line[] = parts.map((each) => ({ number: number++, text: each }))
    const isLong = rest.length > MAX_LINE
    if (isLong || (isEnd && rest !== '')) lines.push(cutLine(number, rest, 'line'))
    if (isLong) rest = ''
    return lines
  }
}

/** Cuts at the end of each object of the outermost list. */
function createValueSplitter() {
  const cutter = createCutter()
  let number = 1
  let start = 1
  let rest = ''
  let at = 0
  return (text: string, isEnd: boolean): Line[] => {
    const lines: Line[] = []
    rest += text
    let from = 0
    for (; at < rest.length; at += 1) {
      const code = rest.charCodeAt(at)
      if (code === NEWLINE) number += 1
      const edge = cutter(code)
      if (edge === 'begin') [from, start] = [at, number]
      if (edge !== 'end') continue
      lines.push({ number: start, text: rest.slice(from, at + 1) })
      from = at + 1
    }
    rest = rest.slice(from)
    at = rest.length
    const isLong = rest.length > MAX_LINE
    if (isLong || (isEnd && rest.includes('{'))) lines.push(cutLine(start, rest, 'document'))
    if (isLong) [rest, at] = ['', 0]
    return lines
  }
}

/** Receives each character of JSON, and says where the outermost objects begin and end. */
function createCutter() {
  let depth = 0
  let isText = false
  let isEscaped = false
  return (code: number): 'begin' | 'end' | undefined => {
    if (isText) {
      if (isEscaped) isEscaped = false
      else if (code === BACKSLASH) isEscaped = true
      else if (code === QUOTE) isText = false
    } else if (code === QUOTE) isText = true
    else if (code === OPEN) return ++depth === 1 ? 'begin' : undefined
    else if (code === CLOSE && depth > 0) return --depth === 0 ? 'end' : undefined
    return undefined
  }
}

function cutLine(number: number, text: string, cut: 'line' | 'document'): Line {
  return { number, text: text.slice(0, SHOWN), cut }
}

/** Returns true for the beginning of an object without its end. */
export function isUnfinished(text: string): boolean {
  if (!text.startsWith('{')) return false
  const cutter = createCutter()
  return [...text].every((each) => cutter(each.charCodeAt(0)) !== 'end')
}
