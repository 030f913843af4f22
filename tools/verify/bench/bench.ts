// make bench: measures what the protection costs. It compares POST /process of the deployment with unprotected services, and the
// signer with a minimal one, with Vault and with the HMAC alone. All measurements run on one machine in one run.
import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { signMessage } from '../../../signer/hmac.ts'
import { CHECKOUT } from '../../cli/checkout.ts'
import { readSwitch, readVariable } from '../../cli/make-variables.ts'
import { elapsed, runMain, say, step, UserError } from '../../cli/terminal.ts'
import { isLocalCluster } from '../attack/tokens.ts'
import { writeSection } from '../docs-section.ts'
import { requireOurs } from '../require-ours.ts'
import { requireAuditRecord } from './audit-record.ts'
import { measureConsumers } from './consumer-memory.ts'
import { measureCpuTimes } from './cpu-time.ts'
import { type Keep, type Measured, type Stoppable, startLocal } from './local-subjects.ts'
import { conditions, measureAll } from './measure.ts'
import { findMesh } from './mesh.ts'
import type { StartGenerator } from './networks.ts'
import { describeNoise, watchNoise } from './noise.ts'
import { drawPlot } from './plot.ts'
import { listFailures, listMissing, type Report } from './report.ts'
import { startGenerator } from './start-generator.ts'
import { message } from './subject.ts'
import { formatMarkdown, formatSection } from './tables.ts'

const LOOP_SECONDS = 1
const docs = join(CHECKOUT, 'docs')

await runMain(async () => {
  const begin = performance.now()
  const [writesDocs, isShort] = [readSwitch('DOCS'), readSwitch('SHORT')]
  requireOurs('make bench')
  const folder = await mkdtemp(join(tmpdir(), 'secure-signing-bench-'))
  const running: Stoppable[] = []
  const keep: Keep = (started) => {
    running.push(started)
    return started
  }
  const interrupted = listenForInterrupts()
  try {
    const report = await measureReport(folder, isShort, keep, interrupted).catch((error) => {
      // A signal also ends the programs that the benchmark has started, which is an error of its own.
      throw interrupted.aborted ? interrupted.reason : error
    })
    process.stdout.write(formatMarkdown(report))
    const failures = listFailures(report)
    for (const each of failures) say(`  FAIL  ${each}`)
    if (failures.length > 0) process.exitCode = 1
    else if (writesDocs) await publish(report)
  } finally {
    for (const { stop } of running) await stop()
    await rm(folder, { recursive: true })
  }
  say(`measured in ${elapsed(begin)}`)
})

/** The page needs every comparison. */
async function publish(report: Report): Promise<void> {
  const missing = listMissing(report)
  if (missing.length > 0) {
    throw new UserError(
      `docs/ stays as it is, because this is missing: ${missing.join(', ')}`,
      'Read the notes above, and run `make bench DOCS=yes` again.',
    )
  }
  await writeSection('benchmark', formatSection(report))
  await writeFile(join(docs, 'benchmark.svg'), drawPlot(report))
}

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
  const mesh = await findMesh(gatewayUrl, start, keep)
  const found = [...(mesh?.subjects ?? []), ...local.subjects]
  const subjects = isShort ? found.filter(({ signatures }) => signatures === 1) : found
  const { generate } = start()
  const readNoise = await watchNoise()
  const loads = await measureAll(subjects, generate, interrupted)
  const cpuTimes = await measureCpuTimes(subjects, generate)
  const hmacPerSecond = measureLoop()
  const noise = describeNoise(await readNoise())
  if (mesh !== undefined && isLocalCluster && !isShort) {
    const counted = await step('every signature is on record', () =>
      requireAuditRecord(mesh.target, mesh.inPod),
    )
    say(`        ${counted}`)
  }
  const measured: Measured[] = [...local.measured, ...(mesh?.measured ?? [])]
  const memory = await Promise.all(
    measured.map(async ({ memory: before, readAgain }) =>
      readAgain === undefined ? before : { ...before, afterMib: await readAgain() },
    ),
  )
  return {
    rows: subjects.map((subject, index) => ({ ...subject, loads: loads[index] ?? new Map() })),
    hmacPerSecond,
    cpuTimes,
    memory: [...memory, ...(await measureConsumers(folder, keep, generate))],
    conditions: `Node ${process.version}, ${availableParallelism()} cores for everything. ${conditions} ${noise}`,
  }
}

/** Measures signatures a second of the signer's own function, without a server. */
function measureLoop(): number {
  const key = createSecretKey(randomBytes(32))
  const bytes = Buffer.from(message)
  const start = performance.now()
  let count = 0
  while (performance.now() - start < LOOP_SECONDS * 1_000) {
    for (let each = 0; each < 1_000; each++) signMessage(key, bytes)
    count += 1_000
  }
  return count / ((performance.now() - start) / 1_000)
}
