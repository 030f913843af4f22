// Reads what the cluster has of the admission policies of the application, and what they depend on.
import { kubectlJson } from '../../kube/kubectl.ts'
import { namespace, policyPrefix } from '../../kube/names.ts'
import { listOf, type Resource, resourceSchema } from '../../kube/resources.ts'
import { toApplicable } from '../scratch/read-live.ts'

const policies = 'validatingadmissionpolicies,validatingadmissionpolicybindings'

export async function readLiveAdmission(): Promise<Resource[]> {
  const read = (args: readonly string[]) =>
    kubectlJson(listOf(resourceSchema), ['get', ...args, '-o', 'json'])
  const [all, own, workloads] = await Promise.all([
    read([policies]),
    read(['namespace', namespace]),
    read(['deployments.apps,serviceaccounts', '-n', namespace]),
  ])
  return [
    ...all.filter(({ metadata }) => metadata.name.startsWith(policyPrefix)),
    ...own,
    ...workloads,
  ].map(toApplicable)
}
