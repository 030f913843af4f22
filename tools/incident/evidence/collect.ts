// Collects the evidence into a folder, in the order in which an attacker or time can remove it.
import { join } from 'node:path'
import { tryRun } from '../../cli/exec.ts'
import { findPublicRoute, readWantedRoute } from '../../kube/gateway/public-route.ts'
import { formatSelector } from '../../kube/gateway/workloads.ts'
import { findDeployed } from '../../kube/layouts.ts'
import { type Collected, collectLogs } from '../../kube/logs/collect-logs.ts'
import { type LoggedPod, listLoggedPods, listPodsBy } from '../../kube/logs/logged-pods.ts'
import { createRecord, type Unread } from './record.ts'
import { listParts } from './resources.ts'
import { noteMissingRights } from './rights.ts'
import { saveParts } from './save-parts.ts'

const signer = 'signer'

/** `signersUnread`: why nothing is there of a signer's log. */
export type Collection = { unread: Unread[]; signersUnread: string[] }

export async function collect(folder: string): Promise<Collection> {
  const { unread, add, addLogs, attempt } = createRecord()
  const logs = join(folder, 'logs')

  async function copyLogs(
    of: string,
    pods: readonly LoggedPod[],
    isWanted?: (name: string) => boolean,
  ) {
    const work = () => collectLogs(pods, logs, isWanted)
    const collected = await attempt(`the logs of ${of} are copied`, work)
    addLogs(collected?.problems ?? [])
    return collected
  }

  await attempt('the rights of this user are known', noteMissingRights)
  const pods = (await attempt('the Pods are listed', listLoggedPods)) ?? []
  const withSigner = pods.filter(({ containers }) => containers.some(({ name }) => name === signer))
  const ofSigners = await copyLogs('the signers', withSigner, (name) => name === signer)
  await copyLogs('all other containers', pods, (name) => name !== signer)
  await attempt('the resources are saved', async () => {
    const nodes = [...new Set(pods.flatMap(({ node }) => node ?? []))]
    // It fails if one API does not answer, for example that of the metrics, and prints the others.
    const { stdout } = await tryRun('kubectl', ['api-resources', '-o', 'name'])
    const served = stdout.split('\n')
    add(await saveParts(listParts(served, nodes), join(folder, 'resources')))
  })
  await copyLogs('the gateway', (await attempt('the gateway is found', listGatewayPods)) ?? [])
  return { unread, signersUnread: listUnreadSigners(withSigner, ofSigners) }
}

function listUnreadSigners(withSigner: readonly LoggedPod[], collected?: Collected): string[] {
  if (withSigner.length === 0) return ['no Pod with a signer was found']
  if (collected === undefined) return withSigner.map(({ name }) => `${name}: nothing was copied`)
  return collected.problems
    .filter(({ isPartial }) => !isPartial)
    .map(({ pod, problem }) => `${pod}: ${problem}`)
}

/** Its access log, if it writes one, tells which requests came from public clients. */
async function listGatewayPods(): Promise<LoggedPod[]> {
  if ((await findDeployed())?.isMeshed === false) return []
  const { workloads } = await findPublicRoute(readWantedRoute())
  return listPodsBy(workloads.map((each) => [each.namespace, formatSelector(each.selector)]))
}
