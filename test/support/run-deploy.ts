// `make deploy` as a program, for the tests of what it says and when it refuses.
import { join } from 'node:path'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { tryRun } from '../../tools/cli/exec.ts'
import { defaultPrefix } from '../../tools/images/image-references.ts'

const program = join(CHECKOUT, 'tools/deploy/deploy.ts')

/** Runs make deploy with the images of the local cluster, unless `variables` name others. */
export async function runDeploy(kubeconfig: string, variables: Record<string, string> = {}) {
  const given = {
    KUBECONFIG: kubeconfig,
    IMAGE_PREFIX: defaultPrefix,
    COMPONENTS: '',
    ...variables,
  }
  const env = { ...process.env, ...given }
  const { code, stdout, stderr } = await tryRun('node', [program], { env, timeoutMs: 60_000 })
  return { code, stdout, said: stderr }
}
