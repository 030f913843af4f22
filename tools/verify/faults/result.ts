// The result of an experiment, and whether its limits hold. An overloaded machine also loses requests. So a limit that does not
// hold there is not judged.
import type { MachineUse } from '../machine.ts'
import { type Bounds, type Experiment, ForbiddenError, type Source } from './experiment.ts'
import { SLOW_MS } from './load/strain.ts'
import { type Plan, scaleBounds } from './plan.ts'
import type { FaultSummary, Summary } from './summarize.ts'

type Row = FaultSummary & { source: Source }
type Measured = {
  sources: Row[]
  /** The machine from the fault on. */
  use?: MachineUse
  /** Unauthorized requests, how many of them got a 403, and how many got a signature. */
  attempts: number
  refused: number
  unauthorized: number
  notes: string[]
  /** Why the experiment could not go on. */
  problem?: Error
}
export type Result = Omit<Measured, 'problem'> &
  Pick<Experiment, 'id' | 'title' | 'attack' | 'replicas'> & {
    /** Descriptions of the limits that do not hold. */
    broken: string[]
    /** Those that do not hold while the machine was overloaded, and how that was seen. */
    unjudged: string[]
    /** A limit does not hold, perhaps because the machine had too much to do. */
    mayBeOverload: boolean
  }

/** With less idle time than this, a smaller load may show whether the fault or the machine loses requests. */
const BUSY = 0.25
/** With less idle time than this, an experiment that could not go on shows nothing. */
const OVERLOADED = 0.1

/** The result of an experiment that threw `error`. `use`: the machine from the beginning of the experiment on. */
export function makeFailure(experiment: Experiment, error: unknown, use: MachineUse): Result {
  const { id, title, attack, replicas } = experiment
  const what = [error instanceof Error ? error.message : String(error)]
  const nothing = { sources: [], attempts: 0, refused: 0, unauthorized: 0, notes: [] }
  const verdict =
    use.idle < OVERLOADED && !(error instanceof ForbiddenError)
      ? { broken: [], unjudged: what }
      : { broken: what, unjudged: [] }
  return { id, title, attack, replicas, use, ...nothing, ...verdict, mayBeOverload: false }
}

export function judge(experiment: Experiment, plan: Plan, measured: Measured): Result {
  const { id, title, attack, replicas } = experiment
  const { problem, ...rest } = measured
  const bounds = scaleBounds(experiment.bounds, plan)
  const forbidden = listForbidden(measured)
  const limits = [
    ...(problem === undefined || problem instanceof ForbiddenError ? [] : [problem.message]),
    ...describeEach(measured, (row) => listLimits(bounds, row)),
    ...describeEach(measured, listEarlyFailures),
    ...listMissingRefusals(measured),
  ]
  const strain = describeEach(measured, listStrain)
  const isExcused = forbidden.length === 0 && limits.length > 0 && strain.length > 0
  return {
    ...{ id, title, attack, replicas, ...rest },
    broken: isExcused ? [] : [...forbidden, ...limits],
    unjudged: isExcused ? [...limits, ...strain] : [],
    mayBeOverload:
      forbidden.length === 0 && limits.length > 0 && (strain.length > 0 || isBusy(rest)),
  }
}

function isBusy({ use }: Pick<Measured, 'use'>): boolean {
  return use !== undefined && use.idle < BUSY
}

function describeEach({ sources }: Measured, list: (row: Row) => string[]): string[] {
  return sources.flatMap((row) => list(row).map((what) => `${row.source}: ${what}`))
}

/** No machine is so slow that it would be an excuse for these. */
function listForbidden({ sources, unauthorized, problem }: Measured): string[] {
  const wrong = sources.flatMap(({ source, how }) => {
    const isWrong = Object.keys(how).some((each) => /signature|unknown key/.test(each))
    return isWrong ? [`${source}: wrong signatures: ${JSON.stringify(how)}`] : []
  })
  return [
    ...(problem instanceof ForbiddenError ? [problem.message] : []),
    ...wrong,
    ...(unauthorized > 0 ? [`${unauthorized} unauthorized signatures`] : []),
  ]
}

/** Attackers without any answer may not have reached the Pod. */
function listMissingRefusals({ attempts, refused }: Measured): string[] {
  if (attempts === 0) return ['the attackers sent no request']
  return refused === 0 ? [`no unauthorized request was refused, of ${attempts}`] : []
}

function listLimits(bounds: Bounds, summary: Summary): string[] {
  const { requests, failed, how, recoveryMs, slowestFailureMs } = summary
  const outcomes = JSON.stringify(how)
  const most = bounds.failed ?? (bounds.recoveryMs === undefined ? 0 : Number.POSITIVE_INFINITY)
  const odd = Object.keys(how).filter((each) => bounds.how?.test(each) === false)
  return [
    ...(requests === 0 ? ['no request was sent'] : []),
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

/** Without a fault, no request may fail. */
function listEarlyFailures({ before: { requests, failed } }: Row): string[] {
  if (requests === 0) return ['no request was answered before the fault']
  return failed === 0 ? [] : [`${failed} of ${requests} failed before the fault`]
}

/** Signs of a machine that does not carry the load: without the fault, or because the load itself is late. */
function listStrain({ before, during }: Row): string[] {
  return [
    ...(before.requests === 0 || before.failed > 0 ? ['not served before the fault'] : []),
    ...(before.slowMs > SLOW_MS
      ? [`before the fault, 1 of 100 requests took more than ${Math.round(before.slowMs)} ms`]
      : []),
    ...(during.lateMs > SLOW_MS
      ? [`during the fault, 1 of 100 requests left more than ${during.lateMs} ms late`]
      : []),
  ]
}
