import type { Verdict } from '../judge.ts'
import { shortenLine } from './shorten-line.ts'

/** The verdict of a run that failed by itself. */
export function notRun(error: unknown): Verdict {
  const said = error instanceof Error ? error.message : String(error)
  return { class: 'not run', evidence: `the run failed: ${shortenLine(said)}` }
}
