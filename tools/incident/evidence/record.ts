// Runs the steps of a collection. A step that fails is named, and the others go on.
import { say, step } from '../../cli/terminal.ts'
import type { LogProblem } from '../../kube/logs/collect-logs.ts'

/** What could not be read, and why. */
export type Unread = { what: string; why: string }

export type Record = ReturnType<typeof createRecord>

export function createRecord() {
  const unread: Unread[] = []

  function add(more: readonly Unread[]): void {
    for (const { what, why } of foldForbidden(more)) say(`  NOT READ  ${what}: ${why}`)
    unread.push(...more)
  }

  return {
    unread,
    add,
    /** Returns undefined if the step fails. */
    attempt<T>(title: string, work: () => Promise<T>): Promise<T | undefined> {
      return step(title, work).catch((error: Error) => {
        add([{ what: title, why: error.message }])
        return undefined
      })
    },
    /** Names each reason once, with all that it concerns. */
    addLogs(problems: readonly LogProblem[]): void {
      const byReason = Map.groupBy(problems, ({ pod, problem }) => `${pod}: ${problem}`)
      add(
        [...byReason.values()].flatMap((group) => {
          const [first] = group
          if (first === undefined) return []
          const containers = group.map(({ container }) => container).join(', ')
          return [{ what: `logs of ${first.pod} (${containers})`, why: first.problem }]
        }),
      )
    },
  }
}

/** One line for all that the user may not read. */
function foldForbidden(unread: readonly Unread[]): Unread[] {
  const isForbidden = ({ why }: Unread) => why.includes('(Forbidden)')
  const forbidden = unread.filter(isForbidden)
  if (forbidden.length < 2) return [...unread]
  const what = forbidden.map((each) => each.what).join(', ')
  const others = unread.filter((each) => !isForbidden(each))
  return [...others, { what, why: 'this user may not, and the manifest has each answer' }]
}
