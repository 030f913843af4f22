// Explains why a Pod does not start. The text of kubelet, the container runtime or the scheduler comes first and complete.
// Advice follows only where it fits that text.
import { describeContainer, join, lookAt, type StartProblem } from './container-problem.ts'
import { listStatuses, type PodEvent, type PodState } from './pod-state.ts'
import { adviseOnStart } from './start-advice.ts'

export { podStates } from './pod-state.ts'

/** Describes the first Pod that fits no node. Returns undefined if there is none. It may pass, because nodes may be added. */
export function describeUnschedulable(pods: readonly PodState[]): string | undefined {
  return pods.map(describeScheduling).find((each) => each !== undefined)
}

/** Lists what keeps the Pods from starting, the most certain cause first. */
export function listStartProblems(
  pods: readonly PodState[],
  events: readonly PodEvent[] = [],
): StartProblem[] {
  const found = pods.flatMap((pod) => {
    const ownEvents = events.filter(
      ({ involvedObject }) => involvedObject.name === pod.metadata.name,
    )
    return [
      describeRejection(pod),
      ...listStatuses(pod).map((status) => describeContainer(pod, status, ownEvents)),
      ...ownEvents.map((event) => describeEvent(pod, event)),
    ].filter((each) => each !== undefined)
  })
  return found.sort((a, b) => Number(b.isFinal) - Number(a.isFinal))
}

function describeScheduling({ metadata, status }: PodState): string | undefined {
  const found = status.conditions.find(({ reason }) =>
    ['Unschedulable', 'SchedulingGated', 'SchedulerError'].includes(reason),
  )
  return found && `no node fits the Pod ${metadata.name}: ${found.message}`
}

/** kubelet, or the node's eviction, has refused or ended the Pod. */
function describeRejection({ metadata, spec, status }: PodState): StartProblem | undefined {
  if (status.reason === '') return undefined
  const isAppArmor = status.reason === 'AppArmor'
  return {
    what: isAppArmor
      ? `the node ${spec.nodeName} rejects the Pod: ${status.message}`
      : `the Pod ${metadata.name} has ended: ${join(status.reason, status.message)}`,
    todo: isAppArmor
      ? `Remove the label of the node: kubectl label node ${spec.nodeName} secure-signing.dev/apparmor- secure-signing/apparmor-. Then run \`make deploy\` again. See docs/hardening.md.`
      : (adviseOnStart(join(status.reason, status.message)) ?? lookAt(metadata.name)),
    isFinal: isAppArmor,
  }
}

/** Events that no container's state shows. */
const reportedEvents =
  /^(FailedMount|FailedAttachVolume|FailedMapVolume|FailedCreatePodSandBox|FailedCreatePodContainer|NetworkNotReady|FailedPostStartHook|FailedPrepareDynamicResources|FailedValidation|FailedToCreateEndpoint)$/

function describeEvent({ metadata }: PodState, event: PodEvent): StartProblem | undefined {
  if (event.reason === 'Unhealthy' && event.message.startsWith('Readiness probe failed')) {
    return {
      what: `the Pod ${metadata.name} is not ready: ${event.message}`,
      todo: 'All resources are applied. Read the logs above, fix the cause, and run `make deploy` again.',
      isFinal: false,
    }
  }
  if (!reportedEvents.test(event.reason)) return undefined
  const what = `the Pod ${metadata.name} does not start: ${join(event.reason, event.message)}`
  return { what, todo: adviseOnStart(what) ?? lookAt(metadata.name), isFinal: false }
}
