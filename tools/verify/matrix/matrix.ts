// make matrix: measures which caller reaches which endpoint. It starts attacker Pods, sends requests from them and from the
// application, compares the answers with the declared table, and deletes the Pods. Exits with 1 if an answer differs.
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { readSwitch, readVariable } from '../../cli/make-variables.ts'
import { runMain, say, step, UserError } from '../../cli/terminal.ts'
import { requireThawed } from '../../incident/freeze/marker.ts'
import { application } from '../../kube/application.ts'
import { checkCluster } from '../../kube/check-cluster.ts'
import { readControlPlane } from '../../kube/control-plane.ts'
import { checkIstioVersion } from '../../kube/istio-checks.ts'
import { findInjector } from '../../kube/sidecar-injector.ts'
import { bringUp, nameAttackPods, takeAway } from '../attack/attack-pods.ts'
import { findTarget, type Target } from '../attack/target.ts'
import { requireOurs } from '../require-ours.ts'
import { checkSigned } from './check-signed.ts'
import { drawPicture } from './picture.ts'
import { holds, type Report } from './report.ts'
import { takeReport } from './take-report.ts'
import { formatTable } from './terminal.ts'

const pods = nameAttackPods('matrix', '192.0.2.67')

await runMain(async () => {
  const start = performance.now()
  const writesDocs = readSwitch('DOCS')
  if (writesDocs) requireOurs('make matrix DOCS=yes')
  await step('the cluster answers', checkCluster)
  const { istio, target } = await step('the deployment exists', async () => {
    const found = await findTarget('any')
    checkMeshed(found)
    const injector = await findInjector(readVariable('ISTIO_REVISION'))
    return { istio: await checkIstioVersion(await readControlPlane(injector)), target: found }
  })
  await requireThawed()
  // Without a signature for the right caller, refusals would prove nothing.
  await step('the application gets a signature', checkSigned)
  const stop = () => void clean().finally(() => process.exit(130))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  let report: Report
  try {
    await step("the attackers' Pods run", () => bringUp(pods, target))
    report = await step('every caller has sent every request', () =>
      takeReport(target, pods, { start, istio }),
    )
  } finally {
    await clean()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
  process.stdout.write(`${formatTable(report)}\n`)
  await publish(report, writesDocs)
  if (!holds(report)) process.exitCode = 1
})

/** Without a mesh, no other Pod has a way to the signer, and no identity that a policy could refuse. */
function checkMeshed({ layout }: Target): void {
  if (layout.isMeshed) return
  throw new UserError(
    `the overlay ${layout.overlay} has no mesh, whose policies the matrix measures`,
    'Run `make smoke` to see that the application gets signatures. docs/layouts.md names the controls that are missing.',
  )
}

function clean(): Promise<void> {
  return step("the attackers' Pods are removed", () => takeAway(pods))
}

async function publish(report: Report, writesDocs: boolean): Promise<void> {
  const own = application.isOurs ? '' : application.namespace
  const folder = resolve(readVariable('OUT') ?? join(CHECKOUT, '.deploy', own, 'matrix'))
  const picture = drawPicture(report)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`)
  await writeFile(join(folder, 'matrix.svg'), picture)
  say(`Wrote ${relative(process.cwd(), folder)}/report.json and matrix.svg`)
  if (writesDocs) await writeFile(join(CHECKOUT, 'docs/matrix.svg'), picture)
}
