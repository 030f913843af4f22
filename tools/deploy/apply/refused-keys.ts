// Reads from a signer's log why it has no key. The status of the Pod does not say it, because kubelet drops the answer of
// /readyz.
import { z } from 'zod'
import { parseJson } from '../../../runtime/json/parse-json.ts'
import { tryRun } from '../../cli/exec.ts'
import { UserError } from '../../cli/terminal.ts'
import { keySecret, namespace } from '../../kube/names.ts'

/** The lines about keys, parsed to the reason why there is none. It is undefined if there are keys. */
const keyLine = z.union([
  z
    .object({ event: z.literal('keys_refused'), reason: z.string(), kept_old: z.boolean() })
    .transform(({ reason, kept_old }) => (kept_old ? undefined : reason)),
  // Each failed probe logs this one, so it is still among the last lines when the one above is not.
  z
    .object({ code: z.literal('key_unavailable'), detail: z.string() })
    .transform(({ detail }) => detail),
  z.object({ event: z.literal('keys_loaded') }).transform(() => undefined),
])

/** Reads the logs of the Deployment's signers. Returns undefined if all have keys, or if the user may not read logs. */
export async function findRefusedKeys(selector: string): Promise<UserError | undefined> {
  const pods = ['-l', selector, '-c', 'signer', '--ignore-errors']
  const args = ['logs', '-n', namespace, ...pods, '--prefix', '--tail=50']
  return describeRefusedKeys((await tryRun('kubectl', args, { timeoutMs: 15_000 })).stdout)
}

/** Reads the output of `kubectl logs --prefix` for several Pods. The last line about keys counts for each Pod. */
export function describeRefusedKeys(log: string): UserError | undefined {
  const found = log.split('\n').flatMap((text) => {
    const [, pod = '', json = ''] = /^\[(\S+)\] (\{.*)$/.exec(text) ?? []
    const { success, data } = keyLine.safeParse(parseJson(json))
    return success ? [{ pod, reason: data }] : []
  })
  const last = [...Map.groupBy(found, ({ pod }) => pod).values()].map((each) => each.at(-1))
  const reason = last.find((each) => each?.reason !== undefined)?.reason
  if (reason === undefined) return undefined
  return new UserError(
    `the signer has no usable key: ${reason}`,
    `Fix the Secret ${keySecret} in namespace ${namespace}. The signer reads it without a restart.`,
  )
}
