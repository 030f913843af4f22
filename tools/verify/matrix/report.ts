// What `make matrix` found out: who asked for what, what was declared of it, and what was seen.

/** Who stops a request, in the order in which a request meets them. */
export const locks = ['mtls', 'route', 'token', 'policy', 'pairing', 'caller'] as const
export type Lock = (typeof locks)[number]
/** `served`, or the lock that refused. */
export type Verdict = 'served' | Lock

export type Caller = {
  id: string
  /** E.g. "a stranger: a mesh Pod of another namespace". */
  name: string
  /** What it shows to be somebody, e.g. "the frontend's stolen token and pairing secret". */
  shows: string
}

/** A column, e.g. `POST /sign` of the signer. */
export type AskedFor = { id: string; method: string; path: string; of: 'signer' | 'frontend' }

export type Cell = {
  /** Ids. */
  caller: string
  request: string
  declared: Verdict
  /** `other`: neither an answer that serves nor one of a lock. */
  seen: Verdict | 'other'
  /** What came back, in a few words: "403 RBAC: access denied", "closed", "200". */
  answer: string
  /** The resources that declare it, e.g. "AuthorizationPolicy/allow-frontend-to-sign". */
  by: readonly string[]
}

/** A resource that keeps the promise, and whether the cluster has it. */
export type Declaration = { resource: string; inPlace: boolean }

export type Report = {
  /** ISO 8601. */
  takenAt: string
  seconds: number
  /** The API server's address, and the version of Istio. */
  cluster: string
  istio: string
  callers: readonly Caller[]
  requests: readonly AskedFor[]
  /** One for each caller and request; none where a caller has no way to ask. */
  cells: readonly Cell[]
  declarations: readonly Declaration[]
  /** Signatures that the signer made in the meantime beyond those that are declared. Must be 0. */
  signaturesWithoutRight: number
}

/** Those of the signer itself: the first where it shares a Pod with the frontend, the second elsewhere. */
const own: readonly Lock[] = ['pairing', 'caller']

/** The locks that there are, or that have shown up; all but the signer's own are everywhere. */
export function listLocks({ cells }: Report): Lock[] {
  const met = new Set(cells.flatMap(({ declared, seen }) => [declared, seen]))
  return locks.filter((lock) => !own.includes(lock) || met.has(lock))
}

/** Whether what was seen is what was declared, everywhere. A report of nothing shows nothing. */
export function holds({ cells, declarations, signaturesWithoutRight }: Report): boolean {
  return (
    cells.length > 0 &&
    signaturesWithoutRight === 0 &&
    declarations.every(({ inPlace }) => inPlace) &&
    cells.every(({ declared, seen }) => declared === seen)
  )
}
