// Why a Pod has not confirmed, and what stops it by other means.
import { tryRun } from '../../cli/exec.ts'
import { UserError } from '../../cli/terminal.ts'
import { namespace } from '../../kube/names.ts'
import type { SigningPod } from './signing-pods.ts'

/** Milliseconds for the last line of a log. kubelet answers in less than one second. */
const LOG_MS = 3_000

/** What the log says: undefined if it can be read. */
export type LogProblem = string | undefined

/** Returns for example "signing-1: its log cannot be read. Stop its node". */
export function describeUnconfirmed(pod: SigningPod, problem: LogProblem): string {
  const { name, node = 'none', stopped } = pod
  const remove = `kubectl delete pod ${name} -n ${namespace} --grace-period=1`
  const [why, todo] = pod.isTerminating
    ? [
        `it is being deleted, and may sign until it ends, which takes about 20 s`,
        'Run this command again then',
      ]
    : stopped !== undefined
      ? [
          `its container signer does not run (${stopped}), and reads the marker before it signs`,
          'Run this command again when it runs',
        ]
      : problem !== undefined
        ? [
            `node ${node} does not show its log: ${problem}`,
            `If the node does not answer, stop it or cut it off from the network. If you may not read the log, ask an administrator for \`get pods/log\``,
          ]
        : pod.hasMarker === true
          ? [
              `its log does not say so. kubelet on node ${node} may be busy or stopped, or the image may be of a version without freeze`,
              `Run \`${remove}\``,
            ]
          : [
              'it is a Pod of a version without freeze',
              `Scale its Deployment to 0, or deploy this version. Then run \`${remove}\``,
            ]
  return `${name}: ${why}. ${todo}.`
}

/** Throws UserError unless all Pods have confirmed. */
export async function requireAll(
  open: readonly SigningPod[],
  what: string,
  todo: string,
): Promise<void> {
  if (open.length === 0) return
  const lines = await Promise.all(
    open.map(async (pod) => describeUnconfirmed(pod, await findLogProblem(pod.name))),
  )
  throw new UserError(`${what}:\n  ${lines.join('\n  ')}`, todo)
}

async function findLogProblem(pod: string): Promise<LogProblem> {
  const args = ['logs', pod, '-n', namespace, '-c', 'signer', '--tail=1']
  const { code, stderr } = await tryRun('kubectl', args, { timeoutMs: LOG_MS })
  if (code === 0) return undefined
  return code === 124 ? `no answer within ${LOG_MS / 1_000} s` : stderr.trim()
}
