// make faults: runs each fault experiment on the local cluster under a steady load, checks the answers, and prints a report.
// Exits with 1 if a limit does not hold.
import { readSwitch, readVariable } from '../../cli/make-variables.ts'
import { runMain, say, step, UserError } from '../../cli/terminal.ts'
import { writeSection } from '../docs-section.ts'
import { requireOurs } from '../require-ours.ts'
import type { Experiment } from './experiment.ts'
import { experiments } from './experiments.ts'
import { measure } from './measure.ts'
import { describeResult, formatMarkdown, formatSection } from './report.ts'
import { makeFailure, type Result } from './result.ts'
import { bringUpAttackers, takeAwayAttackers } from './support/attackers.ts'
import { requireLocalCluster } from './support/node.ts'
import { ensurePods } from './support/pods.ts'

await runMain(async () => {
  const gatewayUrl = readVariable('GATEWAY_URL')
  const [isShort, writesDocs] = [readSwitch('SHORT'), readSwitch('DOCS')]
  requireOurs('make faults')
  requireLocalCluster()
  if (!gatewayUrl) throw new UserError('GATEWAY_URL is not set', 'Run `make faults`.')
  const chosen = chooseExperiments(readVariable('ONLY'))
  const results: Result[] = []
  let isInterrupted = false
  // Only once, so that a second SIGINT ends the program at once.
  process.once('SIGINT', () => {
    isInterrupted = true
    say('Restoring what this fault has changed. Press Ctrl-C again to skip it.')
  })
  await step('the attackers run', bringUpAttackers)
  try {
    for (const experiment of chosen) {
      if (isInterrupted)
        throw new UserError(
          'interrupted',
          'Run `make faults ONLY=…` with the remaining experiments.',
        )
      const measured = step(experiment.id, () => measure(experiment, gatewayUrl, isShort))
      // The results of the other experiments are still useful.
      const result = await measured.catch((error) => makeFailure(experiment, error))
      say(`        ${describeResult(result)}`)
      results.push(result)
    }
  } finally {
    await step('the attackers are removed', takeAwayAttackers)
    await ensurePods(1)
  }
  process.stdout.write(formatMarkdown(results))
  if (writesDocs) await writeSection('faults', formatSection(results))
  if (results.some(({ broken }) => broken.length > 0)) process.exitCode = 1
})

function chooseExperiments(only: string | undefined): readonly Experiment[] {
  if (!only) return experiments
  const ids = only.split(',')
  const unknown = ids.filter((id) => experiments.every((each) => each.id !== id))
  if (unknown.length === 0) return experiments.filter(({ id }) => ids.includes(id))
  const known = experiments.map(({ id }) => id).join(', ')
  throw new UserError(`ONLY: no experiment ${unknown.join(', ')}`, `Use one or more of ${known}.`)
}
