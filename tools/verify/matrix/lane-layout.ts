// Where the parts of a lane go: beside each other on a wide screen, below each other on a narrow one.
import type { Lane } from './lanes.ts'
import { cutLines, wrapText } from './wrap-text.ts'

export type TextLine = { text: string; x: number; y: number; kind: 'name' | 'small' | 'outcome' }
/** The track is what the locks stand on: from `top` to `bottom`, the lane in its middle. */
export type PlacedLane = {
  lane: Lane
  track: { top: number; bottom: number }
  bottom: number
  texts: TextLine[]
}
/** The x of everything. `locks` is the first lock's, and how far the others are apart. */
export type Layout = {
  name: 'wide' | 'narrow'
  width: number
  head: number
  start: number
  locks: { first: number; apart: number }
  signer: { x: number; width: number }
  place: (lane: Lane, top: number) => PlacedLane
}

const LINE = { name: 17, small: 15, outcome: 17 } as const
type Unplaced = Omit<TextLine, 'x' | 'y'>

export const wide: Layout = {
  name: 'wide',
  width: 1120,
  head: 52,
  start: 362,
  locks: { first: 418, apart: 87 },
  signer: { x: 826, width: 64 },
  place: (lane, top) => {
    const [left, right] = [listNames(lane, [44, 54]), listOutcome(lane, [27, 34])]
    const height = Math.max(...[left, right].map(measure)) + 18
    const middle = top + height / 2
    const texts = [
      ...stack(left, 0, middle - measure(left) / 2),
      ...stack(right, 908, middle - measure(right) / 2),
    ]
    return { lane, track: { top, bottom: top + height }, bottom: top + height, texts }
  },
}

export const narrow: Layout = {
  name: 'narrow',
  width: 336,
  head: 26,
  start: 6,
  locks: { first: 36, apart: 52 },
  signer: { x: 278, width: 56 },
  place: (lane, top) => {
    const [names, outcome] = [listNames(lane, [42, 53]), listOutcome(lane, [42, 53])]
    const track = top + 10 + measure(names) + 6
    const bottom = track + 28
    const texts = [...stack(names, 0, top + 10), ...stack(outcome, 0, bottom + 4)]
    const end = bottom + 4 + measure(outcome) + 10
    return { lane, track: { top: track, bottom }, bottom: end, texts }
  },
}

function listNames({ caller }: Lane, [name, shows]: readonly [number, number]): Unplaced[] {
  return [
    ...listLines(caller.name, name, 'name'),
    ...listLines(`shows ${caller.shows}`, shows, 'small'),
  ]
}

function listOutcome({ outcome, answer }: Lane, [first, rest]: readonly [number, number]) {
  return [...listLines(outcome, first, 'outcome'), ...listLines(answer, rest, 'small')]
}

function listLines(text: string, width: number, kind: TextLine['kind']): Unplaced[] {
  if (text === '') return []
  return cutLines(wrapText(text, width), 2).map((line) => ({ text: line, kind }))
}

function measure(lines: readonly Unplaced[]): number {
  return lines.reduce((sum, { kind }) => sum + LINE[kind], 0)
}

function stack(lines: readonly Unplaced[], x: number, top: number): TextLine[] {
  let bottom = top
  return lines.map((line) => {
    bottom += LINE[line.kind]
    return { ...line, x, y: bottom - 4 }
  })
}
