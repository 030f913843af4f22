// The result of a preview: as text, as JSON, and as Markdown for a pull request.
import { stripVTControlCharacters } from 'node:util'
import type { AdmissionDifference } from '../admission/compare.ts'
import type { Rewrite } from '../scratch/move.ts'
import { type Difference, opening } from './compare.ts'

export type Report = {
  verdict: 'nothing opens' | 'opens' | 'refused'
  seconds: number
  /** The resources that the change adds, changes or removes in the scratch namespace. */
  changed: readonly string[]
  requests: readonly Difference[]
  admission: readonly AdmissionDifference[]
  rewrites: readonly Rewrite[]
  /** What a preview left out, and what it cannot measure. */
  notes: readonly string[]
  /** Why the change was not run, with file and line. */
  refused: readonly string[]
}

/** `to` is undefined where the text stays. */
type GroupedRewrite = { from: string; to: string | undefined; places: string[] }

export function judge({
  requests,
  admission,
  refused,
}: Omit<Report, 'verdict'>): Report['verdict'] {
  if (refused.length > 0) return 'refused'
  const opens =
    requests.some((each) => opening.includes(each.class)) ||
    admission.some((each) => each.class !== 'breaks')
  return opens ? 'opens' : 'nothing opens'
}

export function formatText(report: Report): string {
  return listSections(report)
    .map(({ title, lines }) => [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n'))
    .concat(`${describeVerdict(report)}\n`)
    .join('\n')
}

/** Each line is code, so that no text of a pull request becomes a link, a mention or a heading. */
export function formatMarkdown(report: Report): string {
  const sections = listSections(report).map(({ title, lines, isOpen }) => {
    const fence = '`'.repeat(Math.max(3, ...lines.map(longestTicks)) + 1)
    const block = [fence, ...lines, fence].join('\n')
    return isOpen
      ? `### ${title}\n\n${block}\n`
      : `<details><summary>${title}</summary>\n\n${block}\n\n</details>\n`
  })
  return [`## Preview: ${describeVerdict(report)}\n`, ...sections].join('\n')
}

function listSections(report: Report) {
  const { refused, requests, admission, changed, notes } = report
  const rewrites = groupRewrites(report.rewrites)
  const isMeasured = refused.length === 0
  return [
    { title: 'Refused, nothing was applied', lines: [...refused], isOpen: true },
    ...['opens', 'weakens', 'unclear', 'breaks', 'declared', 'tightens'].map((name) => ({
      title: titles[name] ?? name,
      lines: [
        ...requests
          .filter((each) => each.class === name)
          .map(({ what, before, after }) => `${what}: ${before} → ${after}`),
        ...admission
          .filter((each) => each.class === name)
          .map((each) => `${each.name}: ${each.before} → ${each.after}`),
      ],
      isOpen: opening.some((each) => each === name) || name === 'declared',
    })),
    {
      title: 'Changed resources',
      lines: isMeasured && changed.length === 0 ? ['none'] : [...changed],
      isOpen: false,
    },
    {
      title: 'Rewritten for the scratch namespace',
      lines: rewrites.filter(({ to }) => to !== undefined).map(describeRewrite),
      isOpen: false,
    },
    {
      title: 'Identities that were not rewritten',
      lines: rewrites.filter(({ to }) => to === undefined).map(describeRewrite),
      isOpen: false,
    },
    { title: 'Not measured', lines: [...notes], isOpen: false },
  ]
    .filter(({ lines }) => lines.length > 0)
    .map((section) => ({ ...section, lines: section.lines.map(makePlain) }))
}

const titles: Readonly<Record<string, string>> = {
  opens: 'Opens: it was refused, and works now',
  weakens: 'Weakens: still refused, but by a later control',
  unclear: 'Unclear: neither served nor refused by a known control',
  breaks: 'Breaks: it worked, and is refused now',
  declared: 'As signing.yaml declares',
  tightens: 'Tightens',
}

/** Each change of a text once, with all its places. */
function groupRewrites(rewrites: readonly Rewrite[]): GroupedRewrite[] {
  const groups = Map.groupBy(rewrites, ({ from, to }) => JSON.stringify([from, to]))
  return [...groups.values()].map((all) => ({
    from: all[0]?.from ?? '',
    to: all[0]?.to,
    places: all.map(({ resource, path }) => `${resource} ${path}`),
  }))
}

function describeRewrite({ from, to, places }: GroupedRewrite): string {
  return `${from}${to === undefined ? '' : ` → ${to}`} in ${places.join(', ')}`
}

function describeVerdict({ verdict, requests, admission, refused, seconds }: Report): string {
  const count = (name: string) =>
    requests.filter((each) => each.class === name).length +
    admission.filter((each) => each.class === name).length
  const time = `${seconds.toFixed(0)} s`
  if (verdict === 'refused')
    return `REFUSED: ${refused.length} findings, nothing was applied (${time})`
  const found = ['opens', 'weakens', 'unclear', 'breaks', 'declared']
    .filter((name) => count(name) > 0)
    .map((name) => `${count(name)} ${name}`)
  return `${verdict === 'opens' ? 'OPENS' : 'nothing opens'}: ${found.join(', ') || 'no answer differs'} (${time})`
}

function longestTicks(line: string): number {
  return Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length))
}

/** No text of a pull request moves the cursor or starts a new line. */
function makePlain(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{C}/gu, '?')
}
