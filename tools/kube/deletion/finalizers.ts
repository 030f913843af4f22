// Who removes a finalizer, and how long that takes at most. A finalizer keeps a deleted resource until its program has acted.

export type KnownFinalizer = {
  /** Begins with a small letter where it is no name. */
  owner: string
  /** Milliseconds after which the program does not run, or cannot act. */
  patienceMs: number
  /** What to look at, if starting a program is no advice. */
  todo?: string
  /** What removing it by hand skips, if that is known. */
  skips?: string
}

/** Most controllers act within two seconds. A busy External Secrets was seen to take 19 s. */
const usualMs = 20_000

const known: readonly (KnownFinalizer & { pattern: RegExp })[] = [
  {
    pattern: /^externalsecrets\.external-secrets\.io\/externalsecret-cleanup$/,
    owner: 'External Secrets',
    patienceMs: usualMs,
    // Its controller deletes the Secret itself only with the deletionPolicy Delete.
    skips: 'That skips nothing, because External Secrets would only remove the finalizer too.',
  },
  {
    pattern: /(^|\.)(external-secrets|externalsecrets)\.io\//,
    owner: 'External Secrets',
    patienceMs: usualMs,
  },
  {
    pattern: /^foregroundDeletion$/,
    owner: 'the garbage collector of Kubernetes',
    // The grace period of the Pods, and time to start after it.
    patienceMs: 90_000,
    todo: 'Find out what keeps the resources that belong to it, for example its Pods',
  },
  {
    pattern: /^kubernetes$/,
    owner: 'the namespace controller of Kubernetes',
    patienceMs: 120_000,
    todo: 'Find out what keeps the content of the namespace',
  },
  {
    pattern: /^kubernetes\.io\//,
    owner: 'the controller manager of Kubernetes',
    patienceMs: usualMs,
    todo: 'Find out what still uses it',
  },
  {
    pattern: /^service\.kubernetes\.io\/load-balancer-cleanup$/,
    owner: "the cloud's service controller",
    patienceMs: 120_000,
    skips: 'That leaves the load balancer in the cloud.',
  },
  { pattern: /fluxcd\.io/, owner: 'Flux', patienceMs: usualMs },
  { pattern: /argoproj\.io/, owner: 'Argo CD', patienceMs: usualMs },
]

/** Names an unknown finalizer by its domain. */
export function explainFinalizer(finalizer: string): KnownFinalizer {
  const [domain = finalizer] = finalizer.split('/')
  const unknown = { owner: `the controller of ${domain}`, patienceMs: usualMs }
  return known.find(({ pattern }) => pattern.test(finalizer)) ?? unknown
}

/** Returns the milliseconds that the slowest of `finalizers` may take. */
export function patienceFor(finalizers: readonly string[]): number {
  return Math.max(usualMs, ...finalizers.map((each) => explainFinalizer(each).patienceMs))
}
