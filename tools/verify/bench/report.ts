// What was measured, and how the protected service compares with others. Only ratios mean something on another machine.
import type { CpuTime } from './cpu-time.ts'
import type { Loads } from './measure.ts'
import { ALONE, MANY, type Subject, type SubjectId, USUAL } from './subject.ts'

export type Row = Pick<Subject, 'id' | 'name' | 'isOurs' | 'signatures'> & { loads: Loads }
/** MiB before the loads and after them. */
export type Memory = { name: string; readyMs?: number; idleMib: number; afterMib?: number }
export type Report = {
  rows: readonly Row[]
  /** Of the HMAC alone, in a loop on one core. */
  hmacPerSecond: number
  cpuTimes: readonly CpuTime[]
  memory: readonly Memory[]
  conditions: string
}

/** The protected service, and what it is compared with. `describe`: says the ratios in a sentence. */
type Comparison = {
  ours: SubjectId
  base: SubjectId
  name: string
  describe: (ratios: string) => string
}
export const comparisons: readonly Comparison[] = [
  {
    ours: 'gateway',
    base: 'unsigned',
    name: 'through the gateway, of the same without signing',
    describe: (ratios) => `Through the gateway: ${ratios} of the rate without signing.`,
  },
  {
    ours: 'pod',
    base: 'pair',
    name: 'in its Pod, of the unprotected pair',
    describe: (ratios) => `In its Pod: ${ratios} of two unprotected processes.`,
  },
  {
    ours: 'pod',
    base: 'flask',
    name: 'in its Pod, of the Flask pair',
    describe: (ratios) => `In its Pod: ${ratios} times the unprotected use case in Flask.`,
  },
  {
    ours: 'webhooks',
    base: 'gateway',
    name: 'webhooks through the gateway, of the same with a raw key',
    describe: (ratios) => `Webhooks through the gateway: ${ratios} of the rate with a raw key.`,
  },
  {
    ours: 'webhooks-in-pod',
    base: 'pod',
    name: 'webhooks in the Pod, of the same with a raw key',
    describe: (ratios) => `Webhooks in the Pod: ${ratios} of the rate with a raw key.`,
  },
]
export const counts = [ALONE, USUAL, MANY] as const
const processRows: readonly SubjectId[] = [
  ...(['gateway', 'webhooks', 'unsigned'] as const),
  ...(['pod', 'webhooks-in-pod', 'pair', 'flask'] as const),
]
/** What signs by itself. The first one is what the others are compared with. */
const signerRows: readonly SubjectId[] = [
  ...([
    'naive',
    'signer',
    'signer-batch',
    'signer-items',
    'signer-webhook',
    'signer-webhook-items',
    'vault',
    'vault-batch',
  ] as const),
  ...(['sign-in-pod', 'batch-in-pod'] as const),
]

export const listProcessRows = ({ rows }: Report) => pick(rows, processRows)
export const listSignerRows = ({ rows }: Report) => pick(rows, signerRows)

function pick(rows: readonly Row[], ids: readonly SubjectId[]): Row[] {
  return ids.flatMap((id) => rows.find((each) => each.id === id) ?? [])
}

/** Signatures a second. A lone caller's rate comes from its median, because few slow requests would change the mean. */
export function readRate({ loads, signatures }: Row, connections: number = USUAL): number {
  const load = loads.get(connections)
  if (load === undefined) return Number.NaN
  return (connections === ALONE ? 1_000 / load.p50Ms : load.perSecond) * signatures
}

/** Returns the ratio at each number of connections, or undefined if one of both was not measured. */
export function compare(
  { rows }: Report,
  { ours, base }: Pick<Comparison, 'ours' | 'base'>,
): number[] | undefined {
  const [measured, of] = [ours, base].map((id) => rows.find((each) => each.id === id))
  if (measured === undefined || of === undefined) return undefined
  return counts.map((each) => readRate(measured, each) / readRate(of, each))
}

/** Says each ratio in a sentence. */
export function describeOutcome(report: Report): string {
  const sentences = comparisons.flatMap((each) => {
    const ratios = compare(report, each)
    return ratios === undefined ? [] : [each.describe(listWords(ratios.map(formatRatio)))]
  })
  const subject = `The rate of \`POST /process\` at ${listWords(counts.map(String))} connections.`
  return [subject, ...sentences].join(' ')
}

function listWords(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** Names each comparison that has no figures. */
export function listMissing(report: Report): string[] {
  const missing = comparisons.filter((each) => compare(report, each) === undefined)
  return missing.map(({ name }) => name)
}

/** Names each subject and number of connections at which requests failed. */
export function listFailures({ rows }: Report): string[] {
  return rows.flatMap(({ name, loads }) =>
    [...loads].flatMap(([connections, { failed }]) =>
      failed === 0 ? [] : [`${failed} requests failed at ${connections} connections: ${name}`],
    ),
  )
}

export function formatRatio(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)
}

export function formatCount(value: number | undefined): string {
  return value === undefined ? '–' : String(Math.round(value))
}

export function formatMs(value: number | undefined): string {
  if (value === undefined) return '–'
  return value < 0.01 && value > 0 ? value.toFixed(3) : value.toFixed(2)
}
