// make faults: one fault after the other on the local cluster, under a steady load of which each answer is checked, and
// what came of it. The table goes to stdout. Exits with 1 if something does not hold.
// ONLY=id,id: these faults alone · SHORT=yes: each in its short form, as in make test · DOCS=yes: docs/faults.md, too.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { runMain, say, step, UserError } from '../../cli/terminal.ts'
import type { Experiment } from './experiment.ts'
import { experiments } from './experiments.ts'
import { measure } from './measure.ts'
import { describeResult, formatMarkdown, formatPage } from './report.ts'
import { makeFailure, type Result } from './result.ts'
import { bringIntruders, takeIntrudersAway } from './support/intruders.ts'
import { requireLocalCluster } from './support/node.ts'
import { ensurePods } from './support/pods.ts'

const docs = join(CHECKOUT, 'docs/faults.md')

await runMain(async () => {
  const { ONLY, SHORT, DOCS, GATEWAY_URL } = process.env
  requireLocalCluster()
  if (!GATEWAY_URL) throw new UserError('the gateway has no address here', 'make faults')
  const chosen = chooseExperiments(ONLY)
  const results: Result[] = []
  let isInterrupted = false
  // Once, so that a second one ends it where it is.
  process.once('SIGINT', () => {
    isInterrupted = true
    say('what this fault has changed is put back first')
  })
  await step('intruders are there', bringIntruders)
  try {
    for (const experiment of chosen) {
      if (isInterrupted) throw new UserError('interrupted', 'make faults ONLY=… goes on from there')
      const measured = step(experiment.id, () => measure(experiment, GATEWAY_URL, SHORT === 'yes'))
      // The others are worth knowing all the same.
      const result = await measured.catch((error) => makeFailure(experiment, error))
      say(`        ${describeResult(result)}`)
      results.push(result)
    }
  } finally {
    await step('intruders are gone', takeIntrudersAway)
    await ensurePods(1)
  }
  process.stdout.write(formatMarkdown(results))
  if (DOCS === 'yes') await writeFile(docs, formatPage(results))
  if (results.some(({ broken }) => broken.length > 0)) process.exitCode = 1
})

function chooseExperiments(only: string | undefined): readonly Experiment[] {
  if (!only) return experiments
  const ids = only.split(',')
  const unknown = ids.filter((id) => experiments.every((each) => each.id !== id))
  if (unknown.length === 0) return experiments.filter(({ id }) => ids.includes(id))
  const known = experiments.map(({ id }) => id).join(', ')
  throw new UserError(`ONLY: there is no ${unknown.join(', ')}`, `there are ${known}`)
}
