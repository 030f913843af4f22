// How much load the machine gets: a share of what it carries without a fault. Faults need processor time of their own, for new
// Pods and for the cluster.
import { UserError } from '../../cli/terminal.ts'
import { type Bounds, rates, type Source } from './experiment.ts'

/**
 * The capacity in requests a second of all sources together, and the time that a load takes to start. `limits`: what was seen
 * at a higher rate, or empty if the deployment carries all rates of the ramp.
 */
export type Capacity = { perSecond: number; limits: string; startMs: number }
/** `scale`: of the full load. `slowness`: how much longer programs take than on a usual machine, at least 1. */
export type Plan = { capacity: Capacity; scale: number; slowness: number }

const all = rates.public + rates.frontend
/** The load is this part of the capacity. */
export const SHARE = 1 / 5
/** With fewer requests a second, a fault of a tenth of a second could pass unseen. */
const LEAST = all / 10
/** The capacities that are tried, in requests a second. The last one is enough for the full load. */
export const ramp: readonly number[] = [LEAST / SHARE, 250, 400, 600, 1_000, all / SHARE]
/** A load starts within this time on a usual machine, such as two cores with nothing else to do. */
const USUAL_START_MS = 500
/** At least this many failures are allowed if any are: Envoy avoids a Pod after five. */
const FEW_FAILURES = 10

/** The machine is too slow to judge a fault. */
export class TooSlow extends UserError {}

export const whatToDo =
  'End other programs, or use a machine with more or faster cores. Then run `make faults` again. If requests fail on an idle machine, run `make smoke`.'

/** Throws TooSlow if even the smallest load would be too large a share. */
export function planLoad(capacity: Capacity): Plan {
  const scale = Math.min(1, (capacity.perSecond * SHARE) / all)
  if (scale * all < LEAST) throw new TooSlow(describeTooSlow(capacity), whatToDo)
  return { capacity, scale, slowness: Math.max(1, capacity.startMs / USUAL_START_MS) }
}

/** Returns undefined if half of the load would be too small. */
export function halve(plan: Plan): Plan | undefined {
  const scale = plan.scale / 2
  return scale * all < LEAST ? undefined : { ...plan, scale }
}

export function rateOf(source: Source, { scale }: Plan): number {
  return Math.round(rates[source] * scale)
}

/** Fewer requests are sent, so fewer may fail. Slow programs may take longer. */
export function scaleBounds(bounds: Bounds, { scale, slowness }: Plan): Bounds {
  const { failed, recoveryMs, slowestFailureMs } = bounds
  return {
    ...bounds,
    ...(failed && { failed: Math.max(Math.min(failed, FEW_FAILURES), Math.ceil(failed * scale)) }),
    ...(recoveryMs !== undefined && { recoveryMs: recoveryMs * slowness }),
    ...(slowestFailureMs !== undefined && { slowestFailureMs: slowestFailureMs * slowness }),
  }
}

export function describeLoad({ scale }: Plan): string {
  return `${Math.round(all * scale)} requests a second`
}

/** Says what the machine carries and what load it gets. */
export function describePlan(plan: Plan): string {
  const { capacity, slowness } = plan
  const carried = `${capacity.limits === '' ? 'at least ' : ''}${capacity.perSecond.toLocaleString('en')}`
  return [
    `Without a fault this machine carries ${carried} requests a second.`,
    `The load is a fifth of that, at most ${all}: ${rateOf('public', plan)} from public clients and ${rateOf('frontend', plan)} from the frontend.`,
    ...(slowness === 1
      ? []
      : [
          `Limits of time are ${slowness.toFixed(1)} times as long, as programs start that slowly.`,
        ]),
  ].join(' ')
}

function describeTooSlow({ perSecond, limits }: Capacity): string {
  const carried = perSecond === 0 ? `fewer than ${ramp[0]}` : perSecond
  return `this machine is too slow to judge a fault: it carries ${carried} requests a second without one, and needs ${ramp[0]}. Seen: ${limits}`
}
