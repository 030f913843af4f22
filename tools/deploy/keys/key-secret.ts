// Reads and replaces the Secret with the keys. A replacement fails if somebody else changed the Secret since it was read. Keys
// go through stdin.
import { z } from 'zod'
import { CommandError } from '../../cli/exec.ts'
import { UserError } from '../../cli/terminal.ts'
import { ownership } from '../../kube/field-owners.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { fieldManager, keySecret, namespace } from '../../kube/names.ts'

const texts = z.record(z.string(), z.string())
const schema = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: z.string(),
    labels: texts.optional(),
    annotations: texts.optional(),
    ...ownership,
  }),
  immutable: z.boolean().optional(),
  data: z.record(z.string(), z.base64()).default({}),
})
export type KeySecret = z.infer<typeof schema>

/** Entries in base64 and annotations to set. The value undefined removes one. */
export type Change = {
  data?: Record<string, string | undefined>
  annotations?: Record<string, string | undefined>
}

export async function readKeySecret(): Promise<KeySecret> {
  const args = ['get', 'secret', keySecret, '-n', namespace, '--ignore-not-found', '-o', 'json']
  const text = await kubectl([...args, '--show-managed-fields'])
  if (text.trim() !== '') return schema.parse(JSON.parse(text))
  throw new UserError(
    `there is no Secret ${keySecret} in namespace ${namespace}`,
    'Run `make deploy`, which creates the first key.',
  )
}

export function changeKeySecret(secret: KeySecret, change: Change): KeySecret {
  const annotations = merge(secret.metadata.annotations, change.annotations)
  return {
    ...secret,
    metadata: { ...secret.metadata, annotations },
    data: merge(secret.data, change.data),
  }
}

/** Returns false and changes nothing if somebody changed the Secret since it was read. `dryRun` only validates. */
export async function replaceKeySecret(secret: KeySecret, dryRun = false): Promise<boolean> {
  const parameters = new URLSearchParams({ fieldManager, ...(dryRun && { dryRun: 'All' }) })
  const path = `/api/v1/namespaces/${namespace}/secrets/${keySecret}?${parameters}`
  try {
    // Raw, because kubectl would otherwise copy each key into the annotation of an earlier apply.
    await kubectl(['replace', '--raw', path, '-f', '-'], { input: JSON.stringify(secret) })
    return true
  } catch (error) {
    const output = error instanceof CommandError ? error.result.stderr : ''
    // NotFound: somebody deleted the Secret.
    if (/\((Conflict|NotFound)\)/.test(output)) return false
    throw error
  }
}

function merge(
  before: Record<string, string> = {},
  change: Record<string, string | undefined> = {},
): Record<string, string> {
  const entries = Object.entries({ ...before, ...change })
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
