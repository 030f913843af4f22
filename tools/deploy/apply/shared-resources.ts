// Resources that are for every application of the cluster, for example the DaemonSet that puts profiles on the nodes.
import { UserError } from '../../cli/terminal.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { namespace, policyPrefix, signerLabel } from '../../kube/names.ts'
import { listOf, type Resource, resourceSchema } from '../../kube/resources.ts'

const applications = listOf(resourceSchema)

/** `reason`: why the shared ones stay. Undefined if no other application may use them. */
export type Sharing<T> = { own: T[]; shared: T[]; reason: string | undefined }

/** Splits what this application alone has from what others may use. */
export async function splitShared<T extends Resource>(
  resources: readonly T[],
): Promise<Sharing<T>> {
  const isOwn = ({ metadata }: Resource) =>
    metadata.namespace === undefined
      ? metadata.name === namespace || metadata.name.startsWith(policyPrefix)
      : metadata.namespace === namespace
  const shared = resources.filter((each) => !isOwn(each))
  const reason = shared.length === 0 ? undefined : await findOtherUse()
  if (reason === undefined) return { own: [...resources], shared: [], reason }
  return { own: resources.filter(isOwn), shared, reason }
}

async function findOtherUse(): Promise<string | undefined> {
  try {
    const args = ['get', 'deployments', '-A', '-l', `${signerLabel}=true`, '-o', 'json']
    const found = await kubectlJson(applications, args)
    const others = found.filter(({ metadata }) => metadata.namespace !== namespace)
    if (others.length === 0) return undefined
    const names = others.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    return `other applications use them: ${names.join(', ')}`
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return `it is not known whether other applications use them: ${error.message}`
  }
}
