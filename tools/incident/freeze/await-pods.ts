// Waits until every Pod that signs has confirmed a change of the marker. Pods that start or end meanwhile count too.
import type { SignerState } from './signer-log.ts'
import type { SigningPod } from './signing-pods.ts'

/** Milliseconds. A Pod that has not confirmed by then is named. */
const BOUND_MS = 15_000
/** The same while a Pod is being deleted. Its signer serves for 17 s after SIGTERM. */
const ENDING_MS = 25_000
const ROUND_MS = 1_000
const POLL_MS = 50

/** Times are in milliseconds. */
export type WaitEffects = {
  listPods: () => Promise<SigningPod[]>
  /** Follows the log of the signer in a Pod. Returns what ends it. */
  follow: (pod: SigningPod, onState: (state: SignerState) => void) => () => void
  /** The last state of a signer that this run waits for. */
  isWanted: (state: SignerState) => boolean
  /** Has kubelet refresh the volumes of these Pods. `round` begins with 0. It reports its own errors. */
  ask: (pods: readonly SigningPod[], round: number) => Promise<void>
  /** For a Pod that is being deleted. kubelet no longer refreshes its volumes. */
  end: (pod: SigningPod) => Promise<void>
  /** Once for each Pod. `how`: "confirmed" or "ended". */
  onDone: (pod: SigningPod, how: 'confirmed' | 'ended') => void
  now: () => number
  sleep: (ms: number) => Promise<unknown>
}

/** Returns the Pods that have not confirmed within the bound. */
export async function awaitPods(effects: WaitEffects): Promise<SigningPod[]> {
  const { listPods, follow, isWanted, ask, end, onDone, now, sleep } = effects
  const states = new Map<string, SignerState>()
  const stops = new Map<string, () => void>()
  const ended = new Set<string>()
  const done = new Set<string>()
  const start = now()

  const hasConfirmed = ({ uid }: SigningPod) => {
    const state = states.get(uid)
    return state !== undefined && isWanted(state)
  }
  function settle(pod: SigningPod, how: 'confirmed' | 'ended'): void {
    if (!done.has(pod.uid)) onDone(pod, how)
    done.add(pod.uid)
  }

  /** Returns those that this run still waits for. */
  function findOpen(pods: readonly SigningPod[]): SigningPod[] {
    for (const pod of pods) if (hasConfirmed(pod)) settle(pod, 'confirmed')
    return pods.filter((pod) => !hasConfirmed(pod) && !(pod.isTerminating && pod.hasEnded))
  }

  let known: SigningPod[] = []
  try {
    for (let round = 0; ; round++) {
      const pods = await listPods()
      const gone = known.filter(({ uid }) => !pods.some((each) => each.uid === uid))
      for (const pod of gone) settle(pod, 'ended')
      known = pods
      for (const pod of pods) {
        if (pod.isTerminating || stops.has(pod.uid)) continue
        stops.set(
          pod.uid,
          follow(pod, (state) => void states.set(pod.uid, state)),
        )
      }
      const open = findOpen(pods)
      const bound = open.some(({ isTerminating }) => isTerminating) ? ENDING_MS : BOUND_MS
      if (open.length === 0 || now() - start >= bound) return open
      const ending = open.filter(({ isTerminating, uid }) => isTerminating && !ended.has(uid))
      for (const pod of ending) ended.add(pod.uid)
      const next = now() + ROUND_MS
      await Promise.all([
        ask(
          open.filter(({ isTerminating }) => !isTerminating),
          round,
        ),
        ...ending.map(end),
      ])
      while (now() < next && findOpen(pods).length > 0) await sleep(POLL_MS)
    }
  } finally {
    for (const stop of stops.values()) stop()
  }
}
