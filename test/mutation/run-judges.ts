// Runs the judges of one rendering for the changes that are drawn, and keeps each verdict.
import { elapsed, say } from '../../tools/cli/terminal.ts'
import type { Resource } from '../../tools/kube/resources.ts'
import type { Judge, Verdict } from '../support/mutations/judge.ts'
import { explainNoJudge, listJudges } from '../support/mutations/judges.ts'
import type { Mutation } from '../support/mutations/mutation.ts'
import type { Made } from './made.ts'
import type { VerdictLog } from './verdict-log.ts'

/** How often a line shows how far it is. */
const SHOW_MS = 15_000

type Run = {
  overlay: string
  resources: readonly Resource[]
  drawn: readonly Made[]
  log: VerdictLog
  /** Ends the run after the verdicts that are due. */
  signal: AbortSignal
}

/** Returns why each change that no judge decided about was not run, by its id. */
export async function runJudges(run: Run): Promise<Map<string, string>> {
  const reasons = new Map<string, string>()
  const judges = listJudges(run.overlay)
  for (const { id, mutation } of run.drawn) {
    if (!judges.some((judge) => judge.canJudge(mutation)))
      reasons.set(id, explainNoJudge(run.overlay, mutation))
  }
  for (const judge of judges) {
    const due = run.drawn.filter(({ mutation }) => judge.canJudge(mutation))
    const missing = await judge.missing?.()
    const open = due.filter(({ id }) => !run.log.has(id, judge.name))
    if (missing !== undefined) for (const { id } of open) reasons.set(id, missing)
    else if (open.length > 0 && !run.signal.aborted) await runJudge(run, judge, open)
  }
  return reasons
}

async function runJudge(run: Run, judge: Judge, open: readonly Made[]): Promise<void> {
  const { overlay, resources, log, signal } = run
  const begin = performance.now()
  const ids = new Map(open.map(({ mutation, id }) => [mutation, id]))
  let count = 0
  let shown = 0
  const show = () => {
    shown = performance.now()
    const left = ((shown - begin) / count) * (open.length - count)
    say(
      `  …     ${overlay}, ${judge.name}: ${count} of ${open.length} changes run (${elapsed(begin)}, about ${Math.ceil(left / 60_000)} min left)`,
    )
  }
  for await (const [mutation, verdict] of judge.judge(resources, [...ids.keys()])) {
    await keep(log, ids, judge, mutation, verdict)
    count += 1
    if (performance.now() - shown > SHOW_MS) show()
    if (signal.aborted) break
  }
  say(
    `  ok    ${overlay}, ${judge.name}: ${count} of ${open.length} changes run (${elapsed(begin)})`,
  )
}

async function keep(
  log: VerdictLog,
  ids: ReadonlyMap<Mutation, string>,
  judge: Judge,
  mutation: Mutation,
  verdict: Verdict,
): Promise<void> {
  const id = ids.get(mutation)
  if (id === undefined) throw new Error(`${judge.name} judges an unknown change: ${mutation.name}`)
  await log.add({ id, name: mutation.name, judge: judge.name, ...verdict })
}
