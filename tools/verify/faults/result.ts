// The result of an experiment, and whether its limits hold.
import type { Bounds, Experiment, Source } from './experiment.ts'
import type { Summary } from './summarize.ts'

type Measured = {
  sources: (Summary & { source: Source })[]
  /** Unauthorized requests, how many of them got a 403, and how many got a signature. */
  attempts: number
  refused: number
  unauthorized: number
  note?: string
}
export type Result = Measured &
  Pick<Experiment, 'id' | 'title' | 'attack' | 'replicas'> & {
    /** Descriptions of the limits that do not hold. */
    broken: string[]
  }

/** The result of an experiment that threw `error`. */
export function makeFailure(experiment: Experiment, error: unknown): Result {
  const { id, title, attack, replicas } = experiment
  const what = error instanceof Error ? error.message : String(error)
  const nothing = { sources: [], attempts: 0, refused: 0, unauthorized: 0 }
  return { id, title, attack, replicas, ...nothing, broken: [what] }
}

export function judge(experiment: Experiment, measured: Measured): Result {
  const { id, title, attack, replicas, bounds } = experiment
  const broken = measured.sources.flatMap((summary) => {
    return listBroken(bounds, summary).map((what) => `${summary.source}: ${what}`)
  })
  // Attackers without any answer may not have reached the Pod.
  if (measured.refused === 0) broken.push('no unauthorized request was refused')
  if (measured.unauthorized > 0) broken.push(`${measured.unauthorized} unauthorized signatures`)
  return { id, title, attack, replicas, ...measured, broken }
}

function listBroken(bounds: Bounds, summary: Summary): string[] {
  const { requests, failed, how, recoveryMs, slowestFailureMs } = summary
  const outcomes = JSON.stringify(how)
  const most = bounds.failed ?? (bounds.recoveryMs === undefined ? 0 : Number.POSITIVE_INFINITY)
  const wrong = Object.keys(how).filter((each) => /signature|unknown key/.test(each))
  const odd = Object.keys(how).filter((each) => bounds.how?.test(each) === false)
  return [
    ...(requests === 0 ? ['no request was sent'] : []),
    ...(wrong.length > 0 ? [`wrong signatures: ${outcomes}`] : []),
    ...(failed > most ? [`${failed} of ${requests} failed: ${outcomes}`] : []),
    ...(recoveryMs > (bounds.recoveryMs ?? Number.POSITIVE_INFINITY)
      ? [`requests failed for ${Math.round(recoveryMs)} ms: ${outcomes}`]
      : []),
    ...(slowestFailureMs > (bounds.slowestFailureMs ?? Number.POSITIVE_INFINITY)
      ? [`a failed request took ${Math.round(slowestFailureMs)} ms`]
      : []),
    ...(odd.length > 0 ? [`unexpected failures: ${odd.join(', ')}`] : []),
  ]
}
