// External Secrets on the cluster: its namespace, rights and kinds. They come for the tests and go with them.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../../tools/cli/terminal.ts'
import { exists, kubectl } from '../../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../../tools/kube/names.ts'
import { installCrds } from '../../../tools/verify/faults/support/crds.ts'
import { disownSecret } from '../../../tools/verify/faults/support/key-secret.ts'

const own = 'external-secrets'
const resources = join(import.meta.dirname, 'operator.yaml')
const mark = 'secure-signing/for-tests=yes'
const kind = 'crd/externalsecrets.external-secrets.io'

/** Installs the kinds in `folder`. Returns what removes them. Throws UserError if others have installed External Secrets. */
export async function install(folder: string): Promise<() => Promise<void>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'))
  const files = names.map((name) => join(folder, name))
  const takeAway = async () => {
    await kubectl(['delete', ...files.flatMap((file) => ['-f', file]), '--ignore-not-found'])
    await kubectl(['delete', '-f', resources, '--ignore-not-found'])
  }
  if (await isOurs()) {
    await releaseExternalSecret()
    if (await exists(['secret', keySecret, '-n', namespace])) await disownSecret()
    await takeAway()
  }
  if ((await exists(['namespace', own])) || (await exists([kind]))) {
    throw new UserError(
      'External Secrets is installed on this cluster, and is not the tests’',
      'uninstall it: make test-external-secrets brings one of its own, and takes it away',
    )
  }
  try {
    await kubectl(['create', '-f', resources])
    await installCrds(files)
  } catch (error) {
    await takeAway()
    throw error
  }
  return takeAway
}

/** Takes the place of an operator that an interrupted run has killed, and whose finalizer is left. */
async function releaseExternalSecret(): Promise<void> {
  const target = ['externalsecret', keySecret, '-n', namespace]
  if (!(await exists([kind])) || !(await exists(target))) return
  const patch = JSON.stringify({ metadata: { finalizers: null } })
  await kubectl(['patch', ...target, '--type=merge', '-p', patch])
}

async function isOurs(): Promise<boolean> {
  return (await kubectl(['get', 'namespace', '-l', mark, '-o', 'name'])).trim() !== ''
}
