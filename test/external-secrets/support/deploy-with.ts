// The deployment with its key from a manager, out of a checkout in which the component is filled in as people do it.
import { cp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { deleteSecret } from '../../../tools/verify/faults/support/key-secret.ts'
import { deploy } from '../../support/cluster/deployment.ts'
import type { KeyManager } from './key-manager.ts'

export async function deployWith({ component, parameters }: KeyManager): Promise<void> {
  const copy = join(CHECKOUT, '.deploy', component)
  await rm(copy, { recursive: true, force: true })
  try {
    await copyCheckout(copy)
    const file = join(copy, `k8s/components/${component}/key-manager-config-map.yaml`)
    await writeFile(file, fillIn(await readFile(file, 'utf8'), parameters))
    await deleteSecret()
    await deploy({ COMPONENTS: component }, copy)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

function fillIn(text: string, parameters: KeyManager['parameters']): string {
  return text.replaceAll(/FILL_IN_\w+/g, (name) => {
    const value = parameters[name]
    if (value === undefined) throw new Error(`the test does not fill in ${name}`)
    return value
  })
}

/** Links the packages instead of copying them. */
async function copyCheckout(copy: string): Promise<void> {
  const names = (await readdir(CHECKOUT)).filter((name) => !/^(\.|node_modules$)/.test(name))
  for (const name of names) await cp(join(CHECKOUT, name), join(copy, name), { recursive: true })
  const packages = await realpath(join(CHECKOUT, 'node_modules'))
  await run('cp', ['-al', packages, join(copy, 'node_modules')])
}
