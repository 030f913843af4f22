// make faults: runs each fault experiment on the local cluster under a steady load, checks the answers, and prints a report.
// Exits with 1 if a limit does not hold, and with 3 if the machine is too slow to tell.
import { readSwitch, readVariable } from '../../cli/make-variables.ts'
import { runMain, say, step, UserError } from '../../cli/terminal.ts'
import { writeSection } from '../docs-section.ts'
import { compareMoments, readMachine } from '../machine.ts'
import { requireOurs } from '../require-ours.ts'
import { measurePlan } from './capacity.ts'
import type { Experiment } from './experiment.ts'
import { experiments } from './experiments.ts'
import { describePlan, type Plan, TooSlow, whatToDo } from './plan.ts'
import { measureWithRepeats } from './repeat.ts'
import { describeResult, formatMarkdown, formatSection } from './report.ts'
import { makeFailure, type Result } from './result.ts'
import { bringUpAttackers, takeAwayAttackers } from './support/attackers.ts'
import { requireLocalCluster } from './support/node.ts'
import { ensurePods } from './support/pods.ts'

/** The exit status if the machine is too slow to judge. */
const NOT_JUDGED = 3

await runMain(async () => {
  await runFaults().catch((error) => {
    if (!(error instanceof TooSlow)) throw error
    say(`not judged: ${error.message}\n  → ${error.todo}`)
    process.exitCode = NOT_JUDGED
  })
})

async function runFaults(): Promise<void> {
  const gatewayUrl = readVariable('GATEWAY_URL')
  const [isShort, writesDocs] = [readSwitch('SHORT'), readSwitch('DOCS')]
  requireOurs('make faults')
  requireLocalCluster()
  if (!gatewayUrl) throw new UserError('GATEWAY_URL is not set', 'Run `make faults`.')
  const only = readVariable('ONLY')
  const chosen = chooseExperiments(only)
  if (writesDocs && (isShort || only)) {
    throw new UserError(
      'DOCS=yes replaces the figures of all experiments in docs/',
      'Run `make faults DOCS=yes` without SHORT and ONLY.',
    )
  }
  const results: Result[] = []
  let isInterrupted = false
  // Only once, so that a second SIGINT ends the program at once.
  process.once('SIGINT', () => {
    isInterrupted = true
    say('Restoring what this fault has changed. Press Ctrl-C again to skip it.')
  })
  await ensurePods(1)
  const plan = await step('capacity without a fault', () => measurePlan(gatewayUrl))
  say(`        ${describePlan(plan)}`)
  const setting = { gatewayUrl, isShort, plan }
  await step('the attackers run', bringUpAttackers)
  try {
    for (const experiment of chosen) {
      if (isInterrupted)
        throw new UserError(
          'interrupted',
          'Run `make faults ONLY=…` with the remaining experiments.',
        )
      const before = await readMachine()
      // The results of the other experiments are still useful.
      const result = await step(experiment.id, () =>
        measureWithRepeats(experiment, setting).catch(async (error) =>
          makeFailure(experiment, error, compareMoments(before, await readMachine())),
        ),
      )
      say(`        ${describeResult(result)}`)
      results.push(result)
    }
  } finally {
    await step('the attackers are removed', takeAwayAttackers)
    await ensurePods(1)
  }
  process.stdout.write(formatMarkdown(results, plan))
  const unjudged = results.filter((each) => each.unjudged.length > 0).map(({ id }) => id)
  if (unjudged.length > 0) {
    say(
      `NOT JUDGED, because the machine was overloaded: ${unjudged.join(', ')}. This is no failure of the product.\n  → ${whatToDo}`,
    )
    process.exitCode = NOT_JUDGED
  }
  if (results.some(({ broken }) => broken.length > 0)) process.exitCode = 1
  if (writesDocs) await publish(results, plan, unjudged)
}

/** The page has figures of the faults, not of an overloaded machine. */
async function publish(results: readonly Result[], plan: Plan, unjudged: readonly string[]) {
  if (unjudged.length === 0) return writeSection('faults', formatSection(results, plan))
  say('docs/ stays as it is, because not every fault was judged.')
}

function chooseExperiments(only: string | undefined): readonly Experiment[] {
  if (!only) return experiments
  const ids = only.split(',')
  const unknown = ids.filter((id) => experiments.every((each) => each.id !== id))
  if (unknown.length === 0) return experiments.filter(({ id }) => ids.includes(id))
  const known = experiments.map(({ id }) => id).join(', ')
  throw new UserError(`ONLY: no experiment ${unknown.join(', ')}`, `Use one or more of ${known}.`)
}
