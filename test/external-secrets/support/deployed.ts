// The deployment with its key from AWS, out of a checkout in which the component is filled in as people do it.
import { cp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { deleteSecret } from '../../../tools/verify/faults/support/key-secret.ts'
import { deploy } from '../../support/cluster/deployment.ts'
import { roleArn } from './account.ts'
import { region } from './aws-cli.ts'

const component = 'external-secrets-aws'
const parameters = `k8s/components/${component}/key-manager-config-map.yaml`

export async function deployWithAws(): Promise<void> {
  const copy = join(CHECKOUT, '.deploy', component)
  await rm(copy, { recursive: true, force: true })
  try {
    await copyCheckout(copy)
    const file = join(copy, parameters)
    const text = await readFile(file, 'utf8')
    const filled = text.replace('FILL_IN_REGION', region).replace('FILL_IN_ROLE_ARN', roleArn)
    await writeFile(file, filled)
    await deleteSecret()
    await deploy({ COMPONENTS: component }, copy)
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** Links the packages instead of copying them. */
async function copyCheckout(copy: string): Promise<void> {
  const names = (await readdir(CHECKOUT)).filter((name) => !/^(\.|node_modules$)/.test(name))
  for (const name of names) await cp(join(CHECKOUT, name), join(copy, name), { recursive: true })
  const packages = await realpath(join(CHECKOUT, 'node_modules'))
  await run('cp', ['-al', packages, join(copy, 'node_modules')])
}
