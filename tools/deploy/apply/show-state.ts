// Prints the state of a Deployment whose Pods do not start.
import { tryRun } from '../../cli/exec.ts'
import { say } from '../../cli/terminal.ts'
import { namespace } from '../../kube/names.ts'
import { listStatuses, type PodState } from './pod-state.ts'

/** Prints Pods, warnings and the last lines of the logs. */
export async function showState(selector: string, shown: readonly PodState[]): Promise<void> {
  const scope = ['-n', namespace]
  const crashed = shown.flatMap((pod) =>
    listStatuses(pod)
      .filter(({ restartCount }) => restartCount > 0)
      .map((each) => ['logs', ...scope, pod.metadata.name, '-c', each.name, '--previous']),
  )
  const pods = ['-l', selector]
  const views: readonly (readonly string[])[] = [
    ['get', 'pods', ...scope, '-o', 'wide'],
    // Not `get events`, which prints the scheduler's events first: they have no time in the field that it sorts by.
    ['events', ...scope, '--types=Warning'],
    ['logs', ...scope, ...pods, '--all-containers', '--prefix', '--tail=10', '--ignore-errors'],
    ...crashed.map((args) => [...args, '--tail=10']),
  ]
  for (const args of views) {
    const { stdout, stderr } = await tryRun('kubectl', args, { timeoutMs: 15_000 })
    say(`--- kubectl ${args.join(' ')}`)
    const lines = (stdout || stderr).trimEnd().split('\n').slice(-25)
    for (const line of lines) say(line.length > 400 ? `${line.slice(0, 400)}…` : line)
  }
}
