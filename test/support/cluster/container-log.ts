// The log of a container of the deployment.
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../../tools/kube/names.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { KEYS_MS } from '../../../tools/verify/faults/support/timeouts.ts'

/** Returns the first line since `start` that matches `wanted`. */
export function waitForLine(container: string, wanted: RegExp, start: Date): Promise<string> {
  const target = [`deployment/${deployment}`, '-n', namespace, '-c', container]
  return waitFor(
    async () => {
      const log = await kubectl(['logs', ...target, `--since-time=${start.toISOString()}`])
      return log.split('\n').find((line) => wanted.test(line))
    },
    KEYS_MS,
    () => `${container} logs no line like ${wanted}`,
  )
}
