// Waits for a Pod that attacks, and says why it does not start.
import { CommandError } from '../../cli/exec.ts'
import { atPace } from '../../cli/pace.ts'
import { UserError } from '../../cli/terminal.ts'
import { describeUnschedulable } from '../../deploy/apply/pod-start-error.ts'
import { listStatuses, podStates } from '../../deploy/apply/pod-state.ts'
import { kubectl, kubectlJson } from '../../kube/kubectl.ts'
import type { Container } from './containers.ts'
import { PODS_MS } from './timeouts.ts'

export async function waitForPod(
  { namespace: where, pod }: Container,
  image: string,
): Promise<void> {
  const ready = ['--for=condition=Ready', `--timeout=${atPace(PODS_MS)}ms`]
  const wait = kubectl(['wait', `pod/${pod}`, '-n', where, ...ready], { timeoutMs: PODS_MS })
  await wait.catch(async (error) => {
    if (!(error instanceof CommandError)) throw error
    const found = await kubectlJson(podStates, [
      ...['get', 'pods', '-n', where, `--field-selector=metadata.name=${pod}`, '-o', 'json'],
    ])
    const unschedulable = describeUnschedulable(found.items)
    if (unschedulable !== undefined) {
      throw new UserError(
        unschedulable,
        'Free room on the nodes, or lower what their Pods request: kubectl describe nodes.',
      )
    }
    const why = found.items
      .flatMap(listStatuses)
      .map(({ state }) => state.waiting?.message)
      .find(Boolean)
    throw new UserError(
      `the Pod ${where}/${pod} does not start: ${why || error.message}`,
      `It has the signer's image, ${image}. Check that a Pod of any namespace can pull it, and that no policy refuses the Pod.`,
    )
  })
}
