// make thaw: ends a freeze. It deletes the marker, and waits until each signer's own log says that it signs again.
import { runMain, say, step } from '../cli/terminal.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { namespace } from '../kube/names.ts'
import { awaitChange, sinceStart } from './freeze/change-marker.ts'
import { deleteMark, readMark } from './freeze/marker.ts'
import { checkRights } from './freeze/rights.ts'
import { requireAll } from './freeze/unconfirmed.ts'

await runMain(async () => {
  await Promise.all([checkCluster(), checkRights('thaw')])
  const mark = await readMark()
  if (mark === undefined)
    say(`  note  signing was not frozen: namespace ${namespace} has no marker`)
  else await step(`the marker ${mark} is deleted`, deleteMark)
  const { open, count } = await awaitChange({
    ...{ state: 'thawed', lines: 'all', skipsTerminating: true },
    isWanted: ({ event }) => event === 'thawed',
  })
  await requireAll(
    open,
    `${open.length} of ${open.length + count} Pods have not confirmed that they sign again`,
    'The marker is gone. Run `make smoke` to see whether they sign.',
  )
  process.stdout.write(`signing goes on: ${count} Pods (${sinceStart()})\n`)
})
