// Changes the key's Secret as a user with edit rights can.
import { readKeySecret, replaceKeySecret } from '../../../deploy/keys/key-secret.ts'
import { exists, kubectl } from '../../../kube/kubectl.ts'
import { keySecret, namespace } from '../../../kube/names.ts'

const target = ['secret', keySecret, '-n', namespace]

/** Returns the function that restores the Secret to its current state. */
export async function saveSecret(): Promise<() => Promise<void>> {
  const { data, metadata } = await readKeySecret()
  return async () => {
    if (!(await exists(target))) {
      await kubectl(['create', 'secret', 'generic', keySecret, '-n', namespace])
    }
    const { annotations = {} } = metadata
    await replace(data, annotations)
  }
}

export function writeEntries(entries: Record<string, Uint8Array>): Promise<void> {
  const encoded = Object.entries(entries).map(([id, bytes]) => {
    return [id, Buffer.from(bytes).toString('base64')] as const
  })
  return replace(Object.fromEntries(encoded), {})
}

export async function deleteSecret(): Promise<void> {
  await kubectl(['delete', ...target])
}

/** Removes the Secret's owner, so that Kubernetes does not delete the Secret with it. */
export async function disownSecret(): Promise<void> {
  const patch = JSON.stringify({ metadata: { ownerReferences: null, labels: null } })
  await kubectl(['patch', ...target, '--type=merge', '-p', patch])
}

async function replace(data: Record<string, string>, annotations: Record<string, string>) {
  const { metadata, ...secret } = await readKeySecret()
  if (await replaceKeySecret({ ...secret, metadata: { ...metadata, annotations }, data })) return
  throw new Error('the Secret was changed by another client')
}
