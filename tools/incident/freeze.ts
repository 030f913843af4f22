// make freeze: stops all signing at once, and keeps the Pods as evidence. It writes the marker, has kubelet bring it into each
// Pod, and waits until each signer's own log says so. No proxy and no policy takes part. Exits with 1 if a Pod has not confirmed.
import { runMain, say, step } from '../cli/terminal.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { namespace } from '../kube/names.ts'
import { awaitChange, sinceStart } from './freeze/change-marker.ts'
import { makeMark, writeMark } from './freeze/marker.ts'
import { checkRights } from './freeze/rights.ts'
import { requireAll } from './freeze/unconfirmed.ts'

/** Rounds between two marks. A busy log may rotate before this program has read a line, so each mark is a new chance. */
const ROUNDS_PER_MARK = 2
/** A busy signer writes thousands of lines each second. */
const LINES = 100

await runMain(async () => {
  const since = new Date()
  await Promise.all([checkCluster(), checkRights('freeze')])
  const marks = new Set<string>()
  const mark = async () => {
    const next = makeMark(since)
    marks.add(next)
    await writeMark(next)
    return next
  }
  const first = await step('the marker is written', mark)
  const { open, count } = await awaitChange({
    ...{ state: 'frozen', lines: LINES },
    isWanted: (state) => state.event === 'frozen' && marks.has(state.mark ?? ''),
    async onRound(round) {
      if (round > 0 && round % ROUNDS_PER_MARK === 0) await mark()
    },
  })
  await requireAll(
    open,
    `signing is NOT stopped in every Pod: ${open.length} of ${open.length + count} have not confirmed`,
    'The marker stays. Stop these Pods as the lines say. Then run `make freeze` again, which asks every Pod again.',
  )
  if (count === 0)
    say(`  note  no Pod signs in namespace ${namespace}. A new one reads the marker first.`)
  say('Pods and logs stay. Collect them by `make evidence`. To sign again, run `make thaw`.')
  process.stdout.write(
    `signing is stopped: ${count} Pods, mark ${[...marks].at(-1) ?? first} (${sinceStart()})\n`,
  )
})
