// A fault experiment: its load, its fault, and the limits that must hold.
import type { Pod } from './support/pods.ts'

/** Requests a second of the full load, from public clients through the gateway and from the frontend's own Pod. */
export const rates = { public: 200, frontend: 100 } as const
export type Source = keyof typeof rates

/** Limits that must hold with the full load on a usual machine. Times are in milliseconds. */
export type Bounds = {
  /** The number of requests that may fail. The default is 0, or unlimited with `recoveryMs`. */
  failed?: number
  /** The time from the fault until no request fails. */
  recoveryMs?: number
  /** The time until a failed request has its answer. */
  slowestFailureMs?: number
  /** The outcome of each failed request must match. */
  how?: RegExp
}

export type Experiment = {
  id: string
  title: string
  /** The numbers in docs/test-coverage.md. */
  attack: string
  replicas: number
  /** The container that is killed. It must not have restarted before, because kubelet backs off after each restart. */
  kills?: string
  sources: readonly Source[]
  /** Requests a second of each source. The default is what the machine carries, at most `rates`. */
  perSecond?: number
  bounds: Bounds
  /** The number of requests that the long form sends at least with the full load. With a smaller one it takes as long. */
  atLeast?: number
  /** Every signature of the load must be in the audit logs, and the signers must have counted as many as are there. */
  isRecorded?: true
  /** Called before the load. Returns the function that undoes it after the load. */
  prepare?: () => Promise<() => Promise<void>>
  /** Causes the fault and waits until it is over. Returns a remark for the report. */
  run: (fault: Fault) => Promise<string | undefined>
}

/** Somebody got what nobody may get, or a signature is not on record. No machine is so slow that it would be an excuse. */
export class ForbiddenError extends Error {}

/** What an experiment works with. */
export type Fault = {
  /** The Pod whose frontend sends requests. */
  pod: Pod
  isShort: boolean
  gatewayUrl: string
  /** Marks the time of the fault, from which recovery is measured. */
  begin: () => void
  /** Waits until no request has failed for some time. Throws after a timeout. */
  recover: () => Promise<void>
  /** True if the full load would have sent `atLeast` requests. Always true in the short form. */
  isEnough: () => boolean
  /** Remembers the keys in the Secret, so that signatures with them can be checked later. */
  rememberKeys: () => Promise<void>
}
