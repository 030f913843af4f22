// make freeze: stops all signing at once, and keeps the Pods as evidence. It writes the marker, has kubelet bring it into each
// Pod, and waits until each signer's own log says so. No proxy and no policy takes part. Exits with 1 if a Pod has not confirmed.
import { runMain, say, step } from '../cli/terminal.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { namespace } from '../kube/names.ts'
import { awaitChange, countPods, sinceStart } from './freeze/change-marker.ts'
import { makeMark, writeMark } from './freeze/marker.ts'
import { checkRights, noteMissingRights } from './freeze/rights.ts'
import { requireAll } from './freeze/unconfirmed.ts'

/** Rounds between two marks. A busy log may rotate before this program has read a line, so each mark is a new chance. */
const ROUNDS_PER_MARK = 2
/** A busy signer writes thousands of lines each second. */
const LINES = 100

const since = new Date()
const marks = new Set<string>()

await runMain(async () => {
  // Every check takes time in which the attacker signs. So the checks explain a failure, and do not come first.
  const written = step('the marker is written', mark).catch(explain)
  const [{ open, count }] = await Promise.all([
    awaitFrozen(written).catch(async (error) => {
      await written
      say('The marker is written, but nobody knows which Pods have it.')
      throw error
    }),
    written,
  ])
  if (open.length > 0) await noteMissingRights()
  await requireAll(
    open,
    `signing is NOT stopped in every Pod: ${open.length} of ${open.length + count} have not confirmed`,
    'The marker stays. Stop these Pods as the lines say. Then run `make freeze` again, which asks every Pod again.',
  )
  if (count === 0)
    say(`  note  no Pod signs in namespace ${namespace}. A new one reads the marker first.`)
  say('Pods and logs stay. Collect them by `make evidence`. To sign again, run `make thaw`.')
  process.stdout.write(
    `signing is stopped: ${countPods(count)}, mark ${[...marks].at(-1)} (${sinceStart()})\n`,
  )
})

async function mark(): Promise<void> {
  const next = makeMark(since)
  marks.add(next)
  await writeMark(next)
}

/** Says what the user lacks, if that is the reason. */
async function explain(error: unknown): Promise<never> {
  await checkCluster()
  await checkRights('freeze')
  throw error
}

function awaitFrozen(written: Promise<void>) {
  return awaitChange({
    ...{ state: 'frozen', lines: LINES },
    isWanted: (state) => state.event === 'frozen' && marks.has(state.mark ?? ''),
    async onRound(round) {
      await written
      if (round > 0 && round % ROUNDS_PER_MARK === 0) await mark()
    },
  })
}
