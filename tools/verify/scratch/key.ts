// A key of its own for a scratch namespace: random, and nobody sees it.

import { auditKeyEntry } from '../../deploy/keys/entries.ts'
import { makeKey, rawKeys, webhookKeys } from '../../deploy/keys/key-forms.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { keySecret } from '../../kube/names.ts'

/** Creates the Secret with a key of each form, because an application may use either. */
export async function createScratchKey(namespace: string): Promise<void> {
  const forms = [rawKeys, webhookKeys].flatMap((form) => {
    const id = `${form.idPrefix}1`
    return [
      [id, form.makeKey()],
      [form.primaryEntry, Buffer.from(id).toString('base64')],
    ]
  })
  const content = {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' },
    metadata: { name: keySecret, namespace },
    data: { ...Object.fromEntries(forms), [auditKeyEntry]: makeKey() },
  }
  await kubectl(['create', '-f', '-'], { input: JSON.stringify(content) })
}
