// What `make deploy` would report at once about Pods that do not start.

import { UserError } from '../../../tools/cli/terminal.ts'
import { listStartProblems } from '../../../tools/deploy/apply/pod-start-error.ts'
import type { PodEvent, PodState } from '../../../tools/deploy/apply/pod-state.ts'

/** Returns the first error that neither time nor the deployment itself fixes. Returns undefined if there is none. */
export function describeStartError(
  pods: readonly PodState[],
  events: readonly PodEvent[] = [],
): UserError | undefined {
  const found = listStartProblems(pods, events).find(({ isFinal }) => isFinal)
  return found && new UserError(found.what, found.todo)
}
