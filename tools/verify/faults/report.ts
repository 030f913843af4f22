// The outcome of all faults, for people: one line each while they run, and tables at the end.
import { availableParallelism } from 'node:os'
import { describeUse } from '../machine.ts'
import type { Source } from './experiment.ts'
import { describePlan, type Plan } from './plan.ts'
import type { Result } from './result.ts'

type Row = Result['sources'][number]

const textColumns = [0, 1, 3]

export function describeResult(result: Result): string {
  const { id, sources, unauthorized, broken, unjudged, notes } = result
  const sum = (count: (one: Row) => number) =>
    sources.reduce((total, one) => total + count(one), 0).toLocaleString('en')
  const counts = `${sum(({ requests }) => requests)} requests, ${sum(({ failed }) => failed)} failed, ${unauthorized} unauthorized signatures`
  const remarks = [
    ...notes,
    ...broken.map((what) => `!! ${what}`),
    ...(unjudged.length === 0 ? [] : ['?? not judged, because the machine was overloaded:']),
    ...unjudged.map((what) => `?? ${what}`),
    ...describeMachine(result),
  ]
  return [`${id}: ${counts}`, ...remarks.map((remark) => `          ${remark}`)].join('\n')
}

export function formatSection(results: readonly Result[], plan: Plan): string {
  return `**${describeOutcome(results)}**\n\n${formatMarkdown(results, plan)}`
}

export function describeOutcome(results: readonly Result[]): string {
  const list = (isListed: (one: Result) => boolean) =>
    results.filter(isListed).map(({ title }) => title)
  const broken = list((each) => each.broken.length > 0)
  const unjudged = list((each) => each.unjudged.length > 0)
  const sum = (count: (one: Result) => number) =>
    results.reduce((total, one) => total + count(one), 0)
  const signed = sum(({ unauthorized }) => unauthorized)
  const attempts = sum(({ attempts }) => attempts).toLocaleString('en')
  const recoveries = results.flatMap(({ title, sources }) =>
    sources.map(({ recoveryMs }) => ({ title, recoveryMs })),
  )
  const [longest] = recoveries.toSorted((a, b) => b.recoveryMs - a.recoveryMs)
  return [
    `${results.filter(isLossless).length} of ${results.length} faults lost no request.`,
    `${signed === 0 ? 'None' : signed} of ${attempts} unauthorized attempts got a signature.`,
    ...(longest === undefined || longest.recoveryMs === 0
      ? []
      : [`The slowest recovery took ${formatMs(longest.recoveryMs)} (${longest.title}).`]),
    ...(broken.length === 0 ? [] : [`Not as promised: ${broken.join(', ')}.`]),
    ...(unjudged.length === 0
      ? []
      : [`Not judged, because the machine was overloaded: ${unjudged.join(', ')}.`]),
  ].join(' ')
}

/** Conditions, tables with a row for each source of load, and a list of how requests failed. */
export function formatMarkdown(results: readonly Result[], plan: Plan): string {
  const lossless = results.filter(isLossless)
  const lossy = results.filter((each) => !isLossless(each) && each.sources.length > 0)
  return `${[
    describeConditions(results, plan),
    ...formatTable(
      [
        'fault, without a failed request',
        'attack',
        'Pods',
        'load',
        'requests',
        'longest gap',
        'attempts',
      ],
      lossless.flatMap((each) => formatRows(each, ({ longestGapMs }) => [formatMs(longestGapMs)])),
    ),
    ...formatTable(
      [
        ...['fault, with failed requests', 'attack', 'Pods', 'load', 'requests'],
        ...['failed', 'longest gap', 'recovery', 'slowest failure', 'attempts'],
      ],
      lossy.flatMap((each) =>
        formatRows(each, ({ failed, longestGapMs, recoveryMs, slowestFailureMs }) => [
          failed.toLocaleString('en'),
          ...[longestGapMs, recoveryMs, slowestFailureMs].map(formatMs),
        ]),
      ),
    ),
    ...['', ...results.flatMap(formatRemarks)],
  ].join('\n')}\n`
}

function isLossless({ sources }: Result): boolean {
  return sources.length > 0 && sources.every(({ failed }) => failed === 0)
}

const loads: Record<Source, string> = {
  public: 'public clients sent',
  frontend: 'the frontend sent',
}

function describeConditions(results: readonly Result[], plan: Plan): string {
  const all = results.flatMap(({ sources }) => sources)
  const rated = (Object.keys(loads) as Source[]).flatMap((source) => {
    const held = all.filter((one) => one.source === source).map(({ perSecond }) => perSecond)
    return held.length === 0 ? [] : [`${loads[source]} ${Math.round(Math.min(...held))}`]
  })
  const machine = `Node ${process.version}, ${availableParallelism()} cores for everything, the load included.`
  const late = Math.max(0, ...all.map(({ during }) => during.lateMs))
  const measured = `Measured: ${rated.join(' and ')} a second at least. Of each load, 99 of 100 requests left at most ${late} ms late.`
  return [machine, describePlan(plan), ...(rated.length === 0 ? [] : [measured])].join(' ')
}

function formatTable(titles: readonly string[], rows: readonly string[][]): string[] {
  if (rows.length === 0) return []
  const format = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const alignment = titles.map((_, index) => (textColumns.includes(index) ? '---' : '--:'))
  return ['', format(titles), `|${alignment.join('|')}|`, ...rows.map(format)]
}

/** A row for each source of load. The fault, and what holds for all sources, is in the first. */
function formatRows(
  { title, attack, replicas, sources, attempts, unauthorized }: Result,
  formatFigures: (one: Row) => string[],
): string[][] {
  return sources.map((one, index) => {
    const about = index === 0 ? [title, attack, String(replicas)] : ['', '', '']
    const ratio = index === 0 ? `${unauthorized}/${attempts.toLocaleString('en')}` : ''
    return [...about, one.source, one.requests.toLocaleString('en'), ...formatFigures(one), ratio]
  })
}

function formatRemarks(result: Result): string[] {
  const { title, sources, notes, broken, unjudged } = result
  const how: Record<string, number> = {}
  for (const [outcome, count] of sources.flatMap((one) => Object.entries(one.how))) {
    how[outcome] = (how[outcome] ?? 0) + count
  }
  const failures = Object.entries(how).map(([outcome, count]) => `\`${outcome}\` × ${count}`)
  const remarks = [
    ...(failures.length === 0 ? [] : [`${failures.join(', ')}.`]),
    ...notes.map((note) => `${note}.`),
    ...(unjudged.length === 0 ? [] : [`**Not judged:** ${unjudged.join('. ')}.`]),
    ...broken.map((what) => `**Not as promised:** ${what}.`),
    ...describeMachine(result).map((what) => `${what}.`),
  ]
  return remarks.length === 0 ? [] : [`- **${title}:** ${remarks.join(' ')}`]
}

/** For a fault whose limits do not hold, says whether the machine had too much to do. */
export function describeMachine({ use, sources, broken, unjudged }: Result): string[] {
  if (use === undefined || broken.length + unjudged.length === 0) return []
  const late = Math.max(0, ...sources.map(({ during }) => during.lateMs))
  return [`${describeUse(use)}, and 99 of 100 requests left at most ${late} ms late`]
}

function formatMs(ms: number): string {
  if (ms === 0) return '–'
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
