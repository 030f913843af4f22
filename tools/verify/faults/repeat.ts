// Repeats an experiment with a smaller load if the machine may be what lost requests. A real fault is there again.
import { say } from '../../cli/terminal.ts'
import type { Experiment } from './experiment.ts'
import { measure, type Setting } from './measure.ts'
import { describeLoad, halve } from './plan.ts'
import { describeMachine } from './report.ts'
import type { Result } from './result.ts'

const REPEATS = 2

/**
 * Measures an experiment until its limits hold, or until the machine is not what breaks them. At most three times. What a busy
 * machine breaks with the smallest load is not judged.
 */
export async function measureWithRepeats(
  experiment: Experiment,
  setting: Setting,
  measureOnce = measure,
): Promise<Result> {
  let [{ plan }, earlier] = [setting, [] as string[]]
  for (let repeats = 0; ; repeats++) {
    const result = await measureOnce(experiment, { ...setting, plan })
    const mayRepeat = result.mayBeOverload && repeats < REPEATS
    const smaller = mayRepeat ? halve(plan) : undefined
    if (smaller === undefined) {
      const { broken, unjudged, notes } = result
      const verdict = mayRepeat ? { broken: [], unjudged: [...broken, ...unjudged] } : {}
      return { ...result, ...verdict, notes: [...earlier, ...notes] }
    }
    const seen = [...result.broken, ...result.unjudged, ...describeMachine(result)].join('. ')
    const what = `With ${describeLoad(plan)} on a busy machine: ${seen}. Repeated with ${describeLoad(smaller)}`
    say(`        ${experiment.id}: ${what}`)
    earlier = [...earlier, what]
    plan = smaller
  }
}
