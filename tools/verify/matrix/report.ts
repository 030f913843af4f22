// The report of `make matrix`: who asked for what, what was declared, and what was seen.

/** The controls, in the order in which a request meets them. */
export const controls = ['mtls', 'route', 'token', 'policy', 'pairing', 'caller'] as const
export type Control = (typeof controls)[number]
/** `served`, or the control that refused. */
export type Verdict = 'served' | Control

export type Caller = {
  id: string
  /** E.g. "a mesh Pod in another namespace". */
  name: string
  /** Its credentials, e.g. "the frontend's stolen token and pairing secret". */
  shows: string
}

/** A column, e.g. `POST /sign` of the signer. `of`: the container. */
export type AskedFor = { id: string; method: string; path: string; of: string }

export type Cell = {
  caller: string
  request: string
  declared: Verdict
  /** `other`: neither served nor refused by a known control. */
  seen: Verdict | 'other'
  /** The answer in a few words: "403 RBAC: access denied", "closed", "200". */
  answer: string
  /** The resources that enforce it, e.g. "AuthorizationPolicy/signer-allow-caller". */
  by: readonly string[]
}

/** A resource that `make deploy` applies, and whether the cluster has it. */
export type Declaration = { resource: string; inPlace: boolean }

export type Report = {
  takenAt: string
  seconds: number
  /** The API server's address, and the version of Istio. */
  cluster: string
  istio: string
  callers: readonly Caller[]
  requests: readonly AskedFor[]
  /** One for each caller and request, except where the caller cannot send the request, or nothing can measure it. */
  cells: readonly Cell[]
  declarations: readonly Declaration[]
  /** What could not be measured, and why. */
  notes: readonly string[]
  /** Signatures that the signer made for requests that were to be refused. Must be 0. */
  unauthorizedSignatures: number
}

/** The signer's own: the first if it shares a Pod with the frontend, otherwise the second. */
const own: readonly Control[] = ['pairing', 'caller']

/** Lists the controls of the report's layout. Only the signer's own control depends on it. */
export function listControls({ cells }: Report): Control[] {
  const met = new Set(cells.flatMap(({ declared, seen }) => [declared, seen]))
  return controls.filter((control) => !own.includes(control) || met.has(control))
}

/** Whether every cell is as declared, every resource is in place, and at least one request was sent. */
export function holds({ cells, declarations, unauthorizedSignatures }: Report): boolean {
  return (
    cells.length > 0 &&
    unauthorizedSignatures === 0 &&
    declarations.every(({ inPlace }) => inPlace) &&
    cells.every(({ declared, seen }) => declared === seen)
  )
}
