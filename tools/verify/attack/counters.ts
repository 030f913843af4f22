// The signer's own counters.
import { probeFrom } from './containers.ts'
import type { Outcome } from './probe.ts'
import { writeRequest } from './requests.ts'
import { SIGNER_IN_POD, type Target } from './target.ts'

export const counters = {
  ...SIGNER_IN_POD,
  bytes: writeRequest({ method: 'GET', path: '/metrics' }),
}

/** The sum of a counter of the signer's over all its labels, or over those that begin with `labels`. */
export async function readCounter(
  { frontend }: Target,
  name: string,
  labels: string,
): Promise<number> {
  const [outcome] = await probeFrom(frontend, [counters])
  return parseCounter(outcome, name, labels)
}

/** Throws if the answer has no such counter. */
export function parseCounter(outcome: Outcome | undefined, name: string, labels = ''): number {
  const sum = sumCounter(outcome?.received ?? '', name, labels)
  if (sum !== undefined) return sum
  throw new Error(`no counter ${name}{${labels}}: ${outcome?.received}`)
}

/** Returns undefined if `text` has no such counter, as before its first increase. */
export function sumCounter(text: string, name: string, labels = ''): number | undefined {
  const lines = text.matchAll(/^(\w+)\{(.*)\} (\d+)\r?$/gm)
  const counts = [...lines].filter(
    ([, found, all = '']) => found === name && all.startsWith(labels),
  )
  if (counts.length === 0) return undefined
  return counts.reduce((sum, [, , , count]) => sum + Number(count), 0)
}
