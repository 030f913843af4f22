// External Secrets' operator, as a process of this machine with the rights of its own ServiceAccount.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../../tools/cli/exec.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { makeFolder } from '../../support/folder.ts'
import { PROGRAM_MS } from '../../support/timeouts.ts'
import { type Program, startProgram } from './program.ts'

const account = 'external-secrets'
/** Reconcilers that the chart has by default and that no test uses. */
const switchedOff = [
  'cluster-store-reconciler',
  'cluster-external-secret-reconciler',
  'cluster-push-secret-reconciler',
  'push-secret-reconciler',
].map((name) => `--enable-${name}=false`)

/** What docs/key-managers.md has operators alert on. */
const notReady =
  /^externalsecret_status_condition\{condition="Ready",name="hmac-key",.*status="False"\} 1$/m
const reads = /^externalsecret_sync_calls_total\{name="hmac-key",.*\} (\d+)$/m

export type Operator = {
  isNotReady: () => Promise<boolean>
  countReads: () => Promise<number>
  /** The log of all starts. */
  readLog: () => string
  stop: () => Promise<void>
  /** Starts it again after a stop. */
  start: () => Promise<void>
}

/** Starts the program in `folder`. `manager`: by which it reaches the imitation of a cloud. */
export async function startOperator(
  folder: string,
  manager: Readonly<Record<string, string>>,
): Promise<Operator> {
  const home = await makeFolder()
  const config = join(home, 'kubeconfig')
  const address = `127.0.0.1:${await findFreePort()}`
  const readMetrics = async () => (await fetch(`http://${address}/metrics`)).text()
  const program = join(folder, account)
  const addresses = [`--metrics-addr=${address}`, ...(await listLiveAddress(program))]
  const command = [program, ...addresses, ...switchedOff]
  let running: Program | undefined
  let earlier = ''
  const readLog = () => earlier + (running?.readLog() ?? '')

  async function start(): Promise<void> {
    const { text, host } = await makeConfig()
    await writeFile(config, text, { mode: 0o600 })
    earlier = readLog()
    // Neither this nor the home folder has a credential of a cloud. A cloud's proxy is not the way to the API server.
    const env = { NO_PROXY: host, ...manager, HOME: home, KUBECONFIG: config }
    running = startProgram(command, env)
    await waitFor(
      () => readMetrics().catch(() => undefined),
      PROGRAM_MS,
      () => `the operator does not start: ${readLog()}`,
    )
  }

  await start()
  return {
    isNotReady: async () => notReady.test(await readMetrics()),
    countReads: async () => Number(reads.exec(await readMetrics())?.[1]),
    ...{ readLog, start },
    stop: async () => running?.stop(),
  }
}

/** Since 0.20 it also answers probes on a port of its own, and ends if that is taken. */
async function listLiveAddress(program: string): Promise<string[]> {
  const knows = (await run(program, ['--help'])).includes('--live-addr ')
  return knows ? [`--live-addr=127.0.0.1:${await findFreePort()}`] : []
}

/** Returns a kubeconfig for the operator's own ServiceAccount, and the host of the API server. */
async function makeConfig(): Promise<{ text: string; host: string }> {
  const view = ['config', 'view', '--raw', '--minify', '-o', 'json']
  const [{ name, cluster }] = JSON.parse(await kubectl(view)).clusters
  const duration = '--duration=1h'
  const token = (await kubectl(['create', 'token', account, '-n', account, duration])).trim()
  const text = JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': name },
    clusters: [{ name, cluster }],
    users: [{ name: account, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: account } }],
  })
  return { text, host: new URL(cluster.server).hostname }
}
