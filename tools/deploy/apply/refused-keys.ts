// Why a signer has no key, as its log says it: kubelet repeats nothing of what /readyz answers.
import { z } from 'zod'
import { tryRun } from '../../cli/exec.ts'
import { UserError } from '../../cli/terminal.ts'
import { keySecret, namespace } from '../../kube/names.ts'

/** What a line says of the keys: the reason why there is none, or that there are some. */
const line = z.union([
  z
    .object({ event: z.literal('keys_refused'), reason: z.string(), kept_old: z.boolean() })
    .transform(({ reason, kept_old }) => (kept_old ? undefined : reason)),
  // Each probe's: it is still there when the line above has long gone by.
  z
    .object({ code: z.literal('key_unavailable'), detail: z.string() })
    .transform(({ detail }) => detail),
  z.object({ event: z.literal('keys_loaded') }).transform(() => undefined),
])

/** Asks the signers among the Pods of the Deployment `name`; undefined if all have keys, or their logs may not be read. */
export async function findRefusedKeys(name: string): Promise<UserError | undefined> {
  const pods = ['-l', `app=${name}`, '-c', 'signer', '--ignore-errors']
  const args = ['logs', '-n', namespace, ...pods, '--prefix', '--tail=50']
  return describeRefusedKeys((await tryRun('kubectl', args, { timeoutMs: 15_000 })).stdout)
}

/** `log`: of several Pods, each line as `kubectl logs --prefix` has it. Of a Pod the last word on its keys counts. */
export function describeRefusedKeys(log: string): UserError | undefined {
  const said = log.split('\n').flatMap((text) => {
    const [, pod = '', json = ''] = /^\[(\S+)\] (\{.*)$/.exec(text) ?? []
    const { success, data } = line.safeParse(parseJson(json))
    return success ? [{ pod, reason: data }] : []
  })
  const last = [...Map.groupBy(said, ({ pod }) => pod).values()].map((each) => each.at(-1))
  const reason = last.find((each) => each?.reason !== undefined)?.reason
  if (reason === undefined) return undefined
  return new UserError(
    `the signer has no key that it can use: ${reason}`,
    `mend the Secret ${keySecret} in namespace ${namespace}: it is taken without a restart`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
