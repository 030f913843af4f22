// The SecretStore with another ServiceAccount than key-reader, which says the same as key-reader.
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'

export const reader = 'key-reader'
const other = 'other-reader'
const inNamespace = ['-n', namespace]
const storeSchema = z.object({ spec: z.looseObject({}) })
const accountSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).optional() }),
})

/** Does `work` while the store names the other one. */
export async function withStoreOfAnother(work: () => Promise<void>): Promise<void> {
  const store = ['secretstore', 'key-manager', ...inNamespace]
  const { spec } = await kubectlJson(storeSchema, ['get', ...store, '-o', 'json'])
  const write = (patch: string) => kubectl(['patch', ...store, '--type=merge', '-p', patch])
  const good = JSON.stringify({ spec })
  await createOther()
  try {
    await write(good.replace(`"${reader}"`, `"${other}"`))
    try {
      await work()
    } finally {
      await write(good)
    }
  } finally {
    await kubectl(['delete', 'serviceaccount', other, ...inNamespace])
  }
}

async function createOther(): Promise<void> {
  const read = ['get', 'serviceaccount', reader, ...inNamespace, '-o', 'json']
  const { annotations } = (await kubectlJson(accountSchema, read)).metadata
  const metadata = { name: other, namespace, annotations }
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata }
  await kubectl(['create', '-f', '-'], { input: JSON.stringify(account) })
}
