// What came of all the faults, for people: one line each while they run, and a table in the end.
import { availableParallelism } from 'node:os'
import { rates, type Source } from './experiment.ts'
import type { Result } from './result.ts'

/** One line, e.g. "kill-signer: 2,934 requests, 313 failed". */
export function describeResult({ id, sources, unauthorised, broken, note }: Result): string {
  const sum = (count: (one: Result['sources'][number]) => number) =>
    sources.reduce((total, one) => total + count(one), 0).toLocaleString('en')
  const counts = `${sum(({ requests }) => requests)} requests, ${sum(({ failed }) => failed)} failed, ${unauthorised} signatures without right`
  const remarks = [...(note === undefined ? [] : [note]), ...broken.map((what) => `!! ${what}`)]
  return [`${id}: ${counts}`, ...remarks.map((remark) => `          ${remark}`)].join('\n')
}

const explanation = `A request has *failed* if it was not answered with the right HMAC within five seconds; each answer's signature is computed anew from
the Secret. Neither the load nor the gateway tries again; the frontend's own client does, once, as in production, where an idle connection was reset or
the signer's pairing secret is another one. The *longest gap* is between two requests, one after the
other, that were served. A fault is *over* with the first request after the last that failed, counted from the fault, or from
its end where it lasts. *Without right* are a stranger of the mesh and a Pod without sidecar, both with the frontend's stolen
token and pairing secret, at every Pod of ours from its first instant, and the frontend's own Pod without a token: how many of
their requests got a signature. Attacks are numbered as in the list that the tests hold.`

/** docs/faults.md. */
export function formatPage(results: readonly Result[]): string {
  return `# What is lost when something breaks

**${describeOutcome(results)}**

Written by \`make faults DOCS=yes\`, on the local cluster. ${explanation}

${formatMarkdown(results)}`
}

/** What came of all of them, in a line or two. */
export function describeOutcome(results: readonly Result[]): string {
  const isLossless = ({ sources }: Result) =>
    sources.length > 0 && sources.every(({ failed }) => failed === 0)
  const broken = results.filter((each) => each.broken.length > 0).map(({ title }) => title)
  const sum = (count: (one: Result) => number) =>
    results.reduce((total, one) => total + count(one), 0).toLocaleString('en')
  const recoveries = results.flatMap(({ title, sources }) =>
    sources.map(({ recoveryMs }) => ({ title, recoveryMs })),
  )
  const [longest] = recoveries.toSorted((a, b) => b.recoveryMs - a.recoveryMs)
  return [
    `Of ${results.length} faults ${results.filter(isLossless).length} lost no request.`,
    `${sum(({ unauthorised }) => unauthorised)} of ${sum(({ knocks }) => knocks)} attempts without right got a signature.`,
    ...(longest === undefined || longest.recoveryMs === 0
      ? []
      : [`Over last was ${longest.title}, after ${formatMs(longest.recoveryMs)}.`]),
    ...(broken.length === 0 ? [] : [`Not as promised: ${broken.join('; ')}.`]),
  ].join(' ')
}

/** The table, a row for each who asked; a fault's name stands in its first row. */
export function formatMarkdown(results: readonly Result[]): string {
  return `${[
    describeConditions(results),
    '',
    '| fault | attack | Pods | asked by | requests | failed | longest gap | over after | slowest failure | without right |',
    '|---|---|--:|---|--:|--:|--:|--:|--:|--:|',
    ...results.flatMap(formatRows),
    '',
    '| fault | how it failed | |',
    '|---|---|---|',
    ...results.flatMap(formatRemarks),
  ].join('\n')}\n`
}

const askers: Record<Source, string> = {
  world: 'the world, through the ingress gateway',
  frontend: 'the frontend, from within its Pod',
}

function describeConditions(results: readonly Result[]): string {
  const all = results.flatMap(({ sources }) => sources)
  const loads = (Object.keys(askers) as Source[]).flatMap((source) => {
    const held = all.filter((one) => one.source === source).map(({ perSecond }) => perSecond)
    if (held.length === 0) return []
    const least = Math.round(Math.min(...held))
    return [
      `${askers[source]}: ${rates[source]} requests a second (the least in any run: ${least})`,
    ]
  })
  const machine = `Node ${process.version}, ${availableParallelism()} cores for everything, the load included`
  return `${[machine, ...loads].join('; ')}.`
}

function formatRows({ title, attack, replicas, sources, knocks, unauthorised }: Result): string[] {
  return sources.map((one, index) => {
    const first = index === 0
    const times = [one.longestGapMs, one.recoveryMs, one.slowestFailureMs].map(formatMs)
    const failed = one.failed === 0 ? '**0**' : one.failed.toLocaleString('en')
    const counts = [one.requests.toLocaleString('en'), failed]
    const about = first ? [title, attack, String(replicas)] : ['', '', '']
    const right = first ? `${unauthorised} of ${knocks.toLocaleString('en')}` : ''
    return `| ${[...about, one.source, ...counts, ...times, right].join(' | ')} |`
  })
}

function formatRemarks({ title, sources, note = '', broken }: Result): string[] {
  const how: Record<string, number> = {}
  for (const [outcome, count] of sources.flatMap((one) => Object.entries(one.how))) {
    how[outcome] = (how[outcome] ?? 0) + count
  }
  const said = Object.entries(how).map(([outcome, count]) => `${outcome} × ${count}`)
  const remarks = [note, ...broken.map((what) => `**does not hold**: ${what}`)].join(' ').trim()
  return said.length === 0 && remarks === ''
    ? []
    : [`| ${title} | ${said.join('; ')} | ${remarks} |`]
}

function formatMs(ms: number): string {
  if (ms === 0) return '–'
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
