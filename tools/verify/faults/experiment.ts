// What a fault run is: who asks meanwhile, what happens, and what must not come of it.
import type { Pod } from './support/pods.ts'

/** Who sends requests, and how many a second: public clients through the gateway, and the frontend from within its Pod. */
export const rates = { public: 200, frontend: 100 } as const
export type Source = keyof typeof rates

/** What must hold. Times in milliseconds. */
export type Bounds = {
  /** Requests that may fail; none unless said. */
  failed?: number
  /** Instead of a number: until when the last one that fails may be sent, and how long each may take to be told. */
  recoveryMs?: number
  slowestFailureMs?: number
  /** Whatever fails must fail like this. */
  how?: RegExp
}

export type Experiment = {
  id: string
  title: string
  /** The numbers in docs/test-coverage.md. */
  attack: string
  replicas: number
  /** The container that is killed: kubelet waits the longer the oftener it has started one again, so it must be its first. */
  kills?: string
  sources: readonly Source[]
  bounds: Bounds
  /** Requests that the long form goes on for, at least. */
  atLeast?: number
  /** Before the load; returns what puts everything back after it. */
  prepare?: () => Promise<() => Promise<void>>
  /** Induces the fault and waits until it is over. What it returns goes into the table. */
  run: (fault: Fault) => Promise<string | undefined>
}

/** What an experiment works with. */
export type Fault = {
  /** One of the Pods; the one whose frontend asks. */
  pod: Pod
  isShort: boolean
  gatewayUrl: string
  /** Says that the fault comes now: recovery is measured from here. */
  begin: () => void
  /** Waits until requests have been served without a gap for some time. Throws if that takes too long. */
  recover: () => Promise<void>
  /** Whether the load has gone on for as long as the experiment asks; at once in the short form. */
  isEnough: () => boolean
  /** To be called while a key is in the Secret that its signatures are to be checked with. */
  rememberKeys: () => Promise<void>
  /** Has each signature that the load got looked up in the audit log. */
  requireAuditLines: () => void
}
