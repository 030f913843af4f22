// External Secrets' operator, as a process of this machine with the rights of its own ServiceAccount.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { makeFolder } from '../../support/folder.ts'
import { PROGRAM_MS } from '../../support/timeouts.ts'
import { startProgram } from './program.ts'

const account = 'external-secrets'
/** Reconcilers that the chart has by default and that no test uses. */
const switchedOff = [
  'cluster-store-reconciler',
  'cluster-external-secret-reconciler',
  'cluster-push-secret-reconciler',
  'push-secret-reconciler',
].map((name) => `--enable-${name}=false`)

export type Operator = {
  readMetrics: () => Promise<string>
  readLog: () => string
  stop: () => Promise<void>
}

/** Starts the program in `folder`. `manager`: the URL of both AWS services. */
export async function startOperator(folder: string, manager: string): Promise<Operator> {
  const home = await makeFolder()
  const config = join(home, 'kubeconfig')
  await writeFile(config, JSON.stringify(await makeConfig()), { mode: 0o600 })
  const address = `127.0.0.1:${await findFreePort()}`
  // Neither this nor the home folder has a credential of AWS.
  const env = {
    HOME: home,
    KUBECONFIG: config,
    AWS_STS_ENDPOINT: manager,
    AWS_SECRETSMANAGER_ENDPOINT: manager,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const command = [join(folder, account), `--metrics-addr=${address}`, ...switchedOff]
  const { readLog, stop } = startProgram(command, env)
  const readMetrics = async () => (await fetch(`http://${address}/metrics`)).text()
  await waitFor(
    () => readMetrics().catch(() => undefined),
    PROGRAM_MS,
    () => `the operator does not start: ${readLog()}`,
  )
  return { readMetrics, readLog, stop }
}

async function makeConfig() {
  const view = ['config', 'view', '--raw', '--minify', '-o', 'json']
  const [{ name, cluster }] = JSON.parse(await kubectl(view)).clusters
  const duration = '--duration=1h'
  const token = (await kubectl(['create', 'token', account, '-n', account, duration])).trim()
  return {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': name },
    clusters: [{ name, cluster }],
    users: [{ name: account, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: account } }],
  }
}
