// Measures a deployment in a scratch namespace, as a process of its own: CONFIG names it. Writes the cells and notes to OUT. The
// argument is a list of more requests as JSON.
import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { readVariable } from '../../cli/make-variables.ts'
import { runMain, say } from '../../cli/terminal.ts'
import { application } from '../../kube/application.ts'
import { bringUp, nameAttackPods, takeAway } from '../attack/attack-pods.ts'
import { withGateway } from '../attack/gateway.ts'
import { findTarget } from '../attack/target.ts'
import { requests } from '../matrix/declared-table.ts'
import { expectationsOf } from '../matrix/expectations.ts'
import { composeLimits } from '../matrix/limits.ts'
import { measure } from '../matrix/measure.ts'
import type { Measured } from './measured.ts'
import { addPastGateway } from './past-gateway.ts'

const pods = nameAttackPods('matrix', '192.0.2.68')
const more = z
  .array(z.object({ id: z.string(), method: z.string(), path: z.string(), of: z.string() }))
  .parse(JSON.parse(process.argv[2] ?? '[]'))

await runMain(async () => {
  const target = await findTarget('any')
  const { notes, isMeasured } = findLimits()
  try {
    const usual = { ...expectationsOf(target.layout), more }
    const [expected] = await Promise.all([addPastGateway(target, usual), bringUp(pods, target)])
    const { cells, unauthorizedSignatures } = await withGateway((place) =>
      measure(target, pods, place, isMeasured, expected),
    )
    const measured: Measured = {
      ...{ callers: expected.callers, cells, notes, unauthorizedSignatures },
      requests: [...requests, ...more],
    }
    await writeFile(readVariable('OUT') ?? '/dev/stdout', JSON.stringify(measured))
  } finally {
    await takeAway(pods).catch((error: Error) => say(error.message))
  }
})

/** The policies of the change decide here, so none of them leaves out a request. The gateway serves nobody else. */
function findLimits() {
  const { notes, isMeasured } = composeLimits(application, [])
  return {
    notes,
    isMeasured: (caller: string, request: string) =>
      isMeasured(caller, request) || (caller === 'public' && request === 'readyz'),
  }
}
