// Images in the local cluster's node by digest, as if a registry had them.
import { readVariable } from '../../../tools/cli/make-variables.ts'
import { computeImageReferences, formatReference } from '../../../tools/images/image-references.ts'
import { findNode, runInNode } from '../../../tools/local-cluster/node/node-process.ts'
import type { ReleasedReference } from '../../../tools/release/manifests.ts'
import { cleanUp } from '../clean-up.ts'

/** Names the images of frontend and signer by their digests, for as long as the test lasts. */
export async function nameByDigest(): Promise<ReleasedReference[]> {
  const node = await findNode()
  if (node === undefined) throw new Error('the local cluster does not run')
  const ctr = (...args: string[]) =>
    runInNode(node, ['ctr', '--namespace', 'k8s.io', 'images', ...args])
  const references = await computeImageReferences({ nodeImage: readVariable('NODE_IMAGE') })
  return Promise.all(
    references.map(async (reference) => {
      const tag = formatReference(reference)
      const digest = /sha256:[0-9a-f]{64}/.exec(await ctr('list', `name==${tag}`))?.[0] ?? ''
      const { name, repository } = reference
      await ctr('tag', '--force', tag, `${repository}@${digest}`)
      cleanUp(() => ctr('remove', `${repository}@${digest}`))
      return { name, repository, index: { digest } }
    }),
  )
}
