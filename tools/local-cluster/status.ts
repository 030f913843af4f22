// make cluster-status: prints which parts of the local cluster are up. Exits with 1 if one is down.
import { readFile } from 'node:fs/promises'
import { tryRun } from '../cli/exec.ts'
import { runMain } from '../cli/terminal.ts'
import { namespace } from '../kube/names.ts'
import { findNode } from './node/node-process.ts'
import { GATEWAY_URL_FILE, KUBECONFIG, LOGS } from './paths.ts'
import { listPods } from './ready.ts'

await runMain(async () => {
  const node = await findNode()
  if (node === undefined) return report(false, 'node', 'not running. Run `make up`.')
  report(
    true,
    'node',
    `running since ${new Date(node.since).toISOString()}, process ${node.pid}, logs in ${LOGS}`,
  )
  process.env.KUBECONFIG = KUBECONFIG
  const api = await tryRun('kubectl', ['get', '--raw', '/readyz'], { timeoutMs: 5_000 })
  const isUp = api.code === 0
  report(isUp, 'API server', `https://127.0.0.1:${node.apiPort}, KUBECONFIG=${KUBECONFIG}`)
  if (!isUp) return
  for (const { name, ready } of await listPods(node.since)) report(ready, 'Pod', name)
  const url = (await readFile(GATEWAY_URL_FILE, 'utf8').catch(() => '')).trim()
  if (url === '')
    report(true, 'Istio', 'not installed, for OVERLAY=no-mesh. `make up` installs it.')
  const ours = await listPods(node.since, [namespace])
  for (const { name, ready } of ours) report(ready, 'Pod', name)
  if (ours.length === 0)
    report(true, `namespace ${namespace}`, 'nothing is deployed. Run `make deploy`.')
  if (ours.length === 0 || url === '') return
  const answers = await fetch(url).then(
    () => true,
    () => false,
  )
  report(answers, 'ingress gateway', url)
})

function report(isUp: boolean, what: string, details: string): void {
  if (!isUp) process.exitCode = 1
  process.stdout.write(`${isUp ? 'up  ' : 'DOWN'}  ${what}: ${details}\n`)
}
