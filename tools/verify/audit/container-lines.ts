// Takes the output of a container out of the lines of kubelet's files, of Docker's and of `kubectl logs`, and joins the parts of
// long lines.
import { z } from 'zod'
import { parseJson } from '../../../runtime/json/parse-json.ts'
import type { Line } from './log-lines.ts'

/** `isLog`: what a container runtime or kubectl wrote. A log shipper has not changed it. */
export type OutputLine = Line & { isLog: boolean }

const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*(?:Z|[+-]\d\d:?\d\d)`
/** P: the line continues in the next one of the same stream. */
const cri = new RegExp(String.raw`^${time} (stdout|stderr) ([PF])(?::\S*)? (.*)$`, 's')
/** Of --prefix and --timestamps. */
const kubectl = new RegExp(String.raw`^(?:\[pod/[^\]\s]+\] (?:${time} )?|${time} )`)
const docker = z.strictObject({
  ...{ log: z.string(), stream: z.enum(['stdout', 'stderr']), time: z.string() },
  attrs: z.looseObject({}).optional(),
})

/** Returns a line without what a container runtime or kubectl wrote before it. */
export function takeOutput(line: string): string {
  return cri.exec(line)?.[3] ?? line.replace(kubectl, '')
}

/** Returns a function that receives each line, and returns one when it is complete. `end` returns what never was. */
export function createLineJoiner() {
  const begun = new Map<string, OutputLine>()

  function add(line: Line, stream: string, text: string, isWhole: (all: string) => boolean) {
    const first = begun.get(stream)
    const joined = { ...line, number: first?.number ?? line.number, isLog: true }
    joined.text = (first?.text ?? '') + text
    if (isWhole(joined.text) || joined.text.length > MAX_JOINED) {
      begun.delete(stream)
      return joined
    }
    begun.set(stream, joined)
    return undefined
  }

  function join(line: Line): OutputLine | undefined {
    const { text } = line
    const [, stream = '', tag, part = ''] = cri.exec(text) ?? []
    if (tag !== undefined) return add(line, stream, part, () => tag === 'F')
    if (text.startsWith('{"log":"')) {
      const { data } = docker.safeParse(parseJson(text))
      const isWhole = (all: string) => all.endsWith('\n') || isObject(all)
      if (data !== undefined) return trim(add(line, data.stream, data.log, isWhole))
    }
    const output = text.replace(kubectl, '')
    return { ...line, text: output, isLog: output !== text }
  }

  const end = (): OutputLine[] => [...begun.values()].map((line) => ({ ...line, cut: 'line' }))
  return { join, end }
}

/** No line of a signer is longer than 16 KiB. */
const MAX_JOINED = 1024 * 1024

function isObject(text: string): boolean {
  return text.endsWith('}') && parseJson(text) !== undefined
}

function trim(line: OutputLine | undefined): OutputLine | undefined {
  return line && { ...line, text: line.text.replace(/\r?\n$/, '') }
}
