// The deployment with other components, and what they have added taken away again.
import { resolve } from 'node:path'
import { run } from '../../../cli/exec.ts'
import { readComponentResources } from '../../../deploy/components.ts'
import { kubectl } from '../../../deploy/kubectl.ts'
import type { Resource } from '../../../deploy/resources.ts'

const program = resolve(import.meta.dirname, '../../../deploy/deploy.ts')

/** make deploy, with these variables besides. Throws CommandError with what it says. */
export async function deploy(env: Record<string, string>): Promise<void> {
  await run(process.execPath, [program], { env: { ...process.env, ...env } })
}

/** Takes away the resources of optional components that are `wanted`. */
export async function removeAdded(wanted: (each: Resource) => boolean): Promise<void> {
  const items = (await readComponentResources()).filter(wanted)
  const list = { apiVersion: 'v1', kind: 'List', items }
  await kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: JSON.stringify(list) })
}
