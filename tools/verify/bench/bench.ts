// make bench: measures what the protection costs. It compares POST /process of the deployment with unprotected services, and the
// signer with a minimal one, with Vault and with the HMAC alone. All measurements run on one machine in one run.
import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { computeMac } from '../../../signer/hmac.ts'
import { CHECKOUT } from '../../cli/checkout.ts'
import { readSwitch, readVariable } from '../../cli/make-variables.ts'
import { elapsed, runMain, say, step, UserError } from '../../cli/terminal.ts'
import { isLocalCluster } from '../attack/tokens.ts'
import { writeSection } from '../docs-section.ts'
import { readMib } from '../faults/support/node.ts'
import { findPod } from '../faults/support/pods.ts'
import { requireOurs } from '../require-ours.ts'
import { requireAuditRecord } from './audit-record.ts'
import { type Keep, type Measured, startLocal } from './local-subjects.ts'
import { conditions, measureAll } from './measure.ts'
import { findMesh, listUnsigned } from './mesh-subjects.ts'
import type { StartGenerator } from './networks.ts'
import { drawPlot } from './plot.ts'
import { formatMarkdown, formatSection, type Report } from './report.ts'
import { startGenerator } from './start-generator.ts'
import { message } from './subject.ts'
import { deployUnsigned, removeUnsigned } from './unsigned/deploy.ts'

const LOOP_SECONDS = 1
const docs = join(CHECKOUT, 'docs')

await runMain(async () => {
  const begin = performance.now()
  const [writesDocs, isShort] = [readSwitch('DOCS'), readSwitch('SHORT')]
  requireOurs('make bench')
  const folder = await mkdtemp(join(tmpdir(), 'secure-signing-bench-'))
  const running: { stop: () => void }[] = []
  const keep: Keep = (started) => {
    running.push(started)
    return started
  }
  const interrupted = listenForInterrupts()
  try {
    const report = await measureReport(folder, isShort, keep, interrupted)
    process.stdout.write(formatMarkdown(report))
    if (writesDocs) {
      await writeSection('benchmark', formatSection(report))
      await writeFile(join(docs, 'benchmark.svg'), drawPlot(report))
    }
  } finally {
    for (const { stop } of running) stop()
    if (isLocalCluster) await removeUnsigned()
    await rm(folder, { recursive: true })
  }
  say(`measured in ${elapsed(begin)}`)
})

/** Only once, so that a second signal ends the program at once. */
function listenForInterrupts(): AbortSignal {
  const controller = new AbortController()
  const stop = () => {
    say('Removing what the benchmark has started. Press Ctrl-C again to skip it.')
    controller.abort(new UserError('interrupted', 'Run `make bench` again.'))
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  return controller.signal
}

async function measureReport(
  folder: string,
  isShort: boolean,
  keep: Keep,
  interrupted: AbortSignal,
): Promise<Report> {
  const start: StartGenerator = (network) => keep(startGenerator(network))
  const gatewayUrl = readVariable('GATEWAY_URL')
  const local = await startLocal(folder, isShort, keep)
  const mesh = await findMesh(gatewayUrl, start)
  if (mesh === undefined) {
    say('  note  the mesh is not measured: the cluster of KUBECONFIG has no deployment')
  }
  const subjects = [...(mesh?.subjects ?? []), ...local.subjects]
  const measured: Measured[] = local.measured
  if (mesh !== undefined && gatewayUrl !== undefined && isLocalCluster) {
    const uid = await step('the frontend without signing runs', () =>
      deployUnsigned(gatewayUrl),
    )
    subjects.push(...(await listUnsigned(uid, gatewayUrl, start)))
    measured.push(...(await followPod()))
  }
  const loads = await measureAll(subjects, start().generate, interrupted)
  const hmacPerSecond = measureLoop()
  if (mesh !== undefined && isLocalCluster && !isShort) {
    const found = await step('every signature is on record', () =>
      requireAuditRecord(mesh.target, mesh.inPod),
    )
    say(`        ${found}`)
  }
  const memory = await Promise.all(
    measured.map(async ({ memory: before, readAgain }) =>
      readAgain === undefined ? before : { ...before, afterMib: await readAgain() },
    ),
  )
  return {
    rows: subjects.map((subject, index) => ({ ...subject, loads: loads[index] ?? new Map() })),
    hmacPerSecond,
    memory,
    conditions: `Node ${process.version}, ${availableParallelism()} cores for everything. ${conditions}`,
  }
}

/** The memory of both containers of the deployment. */
async function followPod(): Promise<Measured[]> {
  const pod = await findPod()
  return Promise.all(
    ['signer', 'frontend'].map(async (name) => {
      const read = () => readMib(pod, name, 'VmRSS')
      return { memory: { name: `${name} in its Pod`, idleMib: await read() }, readAgain: read }
    }),
  )
}

/** Measures signatures a second of the signer's own function, without a server. */
function measureLoop(): number {
  const key = createSecretKey(randomBytes(32))
  const bytes = Buffer.from(message)
  const start = performance.now()
  let count = 0
  while (performance.now() - start < LOOP_SECONDS * 1_000) {
    for (let each = 0; each < 1_000; each++) computeMac(key, bytes)
    count += 1_000
  }
  return count / ((performance.now() - start) / 1_000)
}
