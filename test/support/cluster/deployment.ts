// Runs `make deploy` with a component, and restores the default deployment.
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { readComponentResources } from '../../../tools/deploy/render/components.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { disownSecret, saveSecret } from '../../../tools/verify/faults/support/key-secret.ts'

/** Runs `make deploy` of the checkout `root` with more variables. Throws CommandError. */
export async function deploy(env: Record<string, string>, root = CHECKOUT): Promise<void> {
  await run(process.execPath, [join(root, 'tools/deploy/deploy.ts')], {
    env: { ...process.env, ...env },
  })
}

/** Returns what restores the Secret and the default deployment, and removes components' resources with these names. */
export async function saveDeployment(names: RegExp): Promise<() => Promise<void>> {
  const putSecretBack = await saveSecret()
  return async () => {
    await putSecretBack()
    await disownSecret()
    await deploy({ COMPONENTS: '' })
    await removeComponents(names)
  }
}

async function removeComponents(names: RegExp): Promise<void> {
  const all = await readComponentResources()
  const items = all.filter(({ metadata }) => names.test(metadata.name))
  const list = { apiVersion: 'v1', kind: 'List', items }
  await kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: JSON.stringify(list) })
}
