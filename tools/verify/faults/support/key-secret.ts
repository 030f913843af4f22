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

/** Removes the Secret's owner and the traces of its writer, so that Kubernetes keeps the Secret and `make rotate-key` rotates it. */
export async function disownSecret(): Promise<void> {
  const metadata = { ownerReferences: null, labels: null, managedFields: [{}] }
  const patch = JSON.stringify({ metadata })
  await kubectl(['patch', ...target, '--type=merge', '-p', patch])
}

async function replace(data: Record<string, string>, annotations: Record<string, string>) {
  const { metadata, ...secret } = await readKeySecret()
  if (await replaceKeySecret({ ...secret, metadata: { ...metadata, annotations }, data })) return
  throw new Error('the Secret was changed by another client')
}
