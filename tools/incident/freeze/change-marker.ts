// What freeze and thaw have in common: a change of the marker, and the wait for every Pod's confirmation.
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from '../../cli/terminal.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { refreshVolumes } from '../../kube/refresh-volumes.ts'
import { awaitPods, type WaitEffects } from './await-pods.ts'
import { followState } from './signer-log.ts'
import { listSigningPods, type SigningPod } from './signing-pods.ts'

type Change = {
  /** "frozen" or "thawed". */
  state: string
  /** How much of each log counts. */
  lines: number | 'all'
  isWanted: WaitEffects['isWanted']
  /** Before each request to kubelet. */
  onRound?: (round: number) => Promise<void>
  /** Leaves Pods out that are being deleted. */
  skipsTerminating?: boolean
}

/** Prints each Pod with the time since the command began. Returns the Pods that have not confirmed, and how many have. */
export async function awaitChange(change: Change): Promise<{ open: SigningPod[]; count: number }> {
  const { state, lines, isWanted, onRound, skipsTerminating = false } = change
  let count = 0
  const open = await awaitPods({
    async listPods() {
      const pods = await listSigningPods()
      return pods.filter(({ isTerminating }) => !(skipsTerminating && isTerminating))
    },
    follow: ({ name }, onState) => followState(name, lines, onState),
    isWanted,
    async ask(pods, round) {
      await onRound?.(round)
      // A Pod may be gone, or the right may be missing. The Pods that do not confirm are named.
      if (pods.length > 0) await refreshVolumes(pods.map(({ name }) => name)).catch(() => {})
    },
    async end({ name }) {
      const args = ['pod', name, '-n', namespace, '--grace-period=1', '--wait=false']
      say(
        `  note  ${name} is being deleted, and signs until it ends, up to 17 s after its deletion.`,
      )
      await kubectl(['delete', ...args, '--ignore-not-found']).catch(() => {})
    },
    onDone({ name }, how) {
      count++
      say(`  ok    ${name} ${how === 'ended' ? 'has ended' : `is ${state}`} (${sinceStart()})`)
    },
    now: () => performance.now(),
    sleep,
  })
  return { open, count }
}

/** The time since the command began, with the start of Node. */
export function sinceStart(): string {
  return `${(performance.now() / 1_000).toFixed(1)} s`
}

export function countPods(count: number): string {
  return count === 1 ? '1 Pod' : `${count} Pods`
}
