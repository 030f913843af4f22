// Checks what else runs in the namespace of the application, before the namespace gets labels that are for all of it.
import { say, UserError } from '../../cli/terminal.ts'
import { application } from '../../kube/application.ts'
import { kubectlJson, kubectlJsonIfAny } from '../../kube/kubectl.ts'
import { layouts, listWorkloads } from '../../kube/layouts.ts'
import { namespace, signerLabel } from '../../kube/names.ts'
import { describeResource, listOf, type Resource, resourceSchema } from '../../kube/resources.ts'
import { isMounting } from '../keys/key-source.ts'

const kinds = 'deployments,statefulsets,daemonsets,cronjobs'
const enforce = 'pod-security.kubernetes.io/enforce'

/** Throws UserError if another application has its signer here, or if the labels of the namespace would change other workloads. */
export async function checkNamespaceUse(resources: readonly Resource[]): Promise<void> {
  const live = await readNamespace()
  if (live === undefined) {
    if (!application.sharedNamespace) return
    throw new UserError(
      `the namespace ${namespace} does not exist, and ${application.file} says that others share it`,
      `Create it: kubectl create namespace ${namespace}. Or leave out \`sharedNamespace\`.`,
    )
  }
  const others = (await listOtherWorkloads(resources)) ?? []
  const second = others.find(hasSigner)
  if (second !== undefined) {
    throw new UserError(
      `${describeResource(second)} in namespace ${namespace} has a signer already, and a namespace has one key`,
      `Deploy ${application.deployment} to a namespace of its own. Or run \`make undeploy\` with the CONFIG of the other first.`,
    )
  }
  const manifest = resources.find(
    ({ kind, metadata }) => kind === 'Namespace' && metadata.name === namespace,
  )
  const isPrepared = live.metadata.labels?.[enforce] === manifest?.metadata.labels?.[enforce]
  if (manifest === undefined || isPrepared || others.length === 0) return
  const names = others.map(describeResource).join(', ')
  throw new UserError(
    `the namespace ${namespace} has other workloads, and make deploy would set its Pod Security and sidecar injection for them too: ${names}`,
    `Set \`sharedNamespace: true\` in ${application.file}. Then the signer protects only its own Pods.`,
  )
}

function readNamespace(): Promise<Resource | undefined> {
  const args = ['get', 'namespace', namespace, '--ignore-not-found', '-o', 'json']
  return kubectlJsonIfAny(resourceSchema, args)
}

/** Returns undefined if the user may not list them. */
async function listOtherWorkloads(ours: readonly Resource[]): Promise<Resource[] | undefined> {
  const own = [
    ...ours.map(describeResource),
    ...layouts.flatMap(listWorkloads).map((name) => `Deployment/${name}`),
  ]
  try {
    const found = await kubectlJson(listOf(resourceSchema), [
      ...['get', kinds, '-n', namespace, '-o', 'json'],
    ])
    return found.filter((each) => !own.includes(describeResource(each)))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    say(`  note  cannot find out what else runs in namespace ${namespace}: ${error.message}`)
    return undefined
  }
}

function hasSigner(workload: Resource): boolean {
  return workload.metadata.labels?.[signerLabel] === 'true' || isMounting(workload)
}
