// make matrix: who reaches what, measured on the deployment of the cluster that KUBECONFIG names. Brings attackers' Pods
// up, asks as each of them and as the frontend itself, compares with what is declared, takes everything away again. The
// table goes to stdout. Exits with 1 if seen and declared differ.
// GATEWAY_URL, GATEWAY_SELECTOR, ISTIO_REVISION: as for make deploy · OUT: a folder for report.json and report.html, instead of
// .deploy/matrix · DOCS=yes: the picture into docs/, too.
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { runMain, say, step } from '../../cli/terminal.ts'
import { checkCluster } from '../../kube/check-cluster.ts'
import { checkIstioVersion } from '../../kube/control-plane.ts'
import { chooseInjector, listInjectors } from '../../kube/sidecar-injector.ts'
import { bringUp, nameAttackPods, takeAway } from '../attack/attack-pods.ts'
import { findVictim } from '../attack/victim.ts'
import { renderPage } from './page.ts'
import { holds, type Report } from './report.ts'
import { takeScreenshot } from './screenshot.ts'
import { takeReport } from './take-report.ts'
import { formatTable } from './terminal.ts'

const pods = nameAttackPods('matrix', '192.0.2.67')

await runMain(async () => {
  const start = performance.now()
  await step('the cluster answers', checkCluster)
  const { istio, victim } = await step('the deployment is there', async () => {
    const injector = chooseInjector(await listInjectors(), process.env.ISTIO_REVISION || undefined)
    return { istio: await checkIstioVersion(injector), victim: await findVictim('any') }
  })
  const stop = () => void clean().finally(() => process.exit(130))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  let report: Report
  try {
    await step("attackers' Pods are up", () => bringUp(pods, victim))
    report = await step('everybody has asked for everything', () =>
      takeReport(victim, pods, { start, istio }),
    )
  } finally {
    await clean()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
  process.stdout.write(`${formatTable(report)}\n`)
  await publish(report)
  if (!holds(report)) process.exitCode = 1
})

function clean(): Promise<void> {
  return step("attackers' Pods are gone", () => takeAway(pods))
}

async function publish(report: Report): Promise<void> {
  const folder = resolve(process.env.OUT || join(CHECKOUT, '.deploy/matrix'))
  const page = renderPage(report)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`)
  await writeFile(join(folder, 'report.html'), page)
  say(`as JSON and as a page: ${relative(process.cwd(), folder)}/report.json, report.html`)
  if (process.env.DOCS === 'yes') await takeScreenshot(page, join(CHECKOUT, 'docs/matrix.png'))
}
