// make thaw: ends a freeze. It deletes the marker, and waits until each signer's own log says that it signs again.
import { runMain, step } from '../cli/terminal.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { namespace } from '../kube/names.ts'
import { awaitChange, countPods, sinceStart } from './freeze/change-marker.ts'
import { deleteMark, readMark } from './freeze/marker.ts'
import { checkRights, noteMissingRights } from './freeze/rights.ts'
import { requireAll } from './freeze/unconfirmed.ts'

await runMain(async () => {
  await checkCluster()
  await checkRights('thaw')
  const mark = await readMark()
  if (mark === undefined) {
    process.stdout.write(`signing is not frozen: namespace ${namespace} has no marker\n`)
    return
  }
  await step(`the marker ${mark} is deleted`, () => deleteMark())
  const { open, count } = await awaitChange({
    ...{ state: 'thawed', lines: 'all', skipsTerminating: true },
    isWanted: ({ event }) => event === 'thawed',
  })
  if (open.length > 0) await noteMissingRights()
  await requireAll(
    open,
    `${open.length} of ${open.length + count} Pods have not confirmed that they sign again`,
    'The marker is gone. Run `make smoke` to see whether they sign.',
  )
  process.stdout.write(`signing goes on: ${countPods(count)} (${sinceStart()})\n`)
})
