// make bench: compares the signer with a minimal signer, with Vault and with the HMAC alone. It also measures a deployment
// through the mesh, if there is one. All measurements run on one machine in one run.
import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { computeMac } from '../../../signer/hmac.ts'
import { CHECKOUT } from '../../cli/checkout.ts'
import { readSwitch, readVariable } from '../../cli/make-variables.ts'
import { runMain, say } from '../../cli/terminal.ts'

import { buildVault } from '../../local-cluster/programs/programs.ts'
import { writeSection } from '../docs-section.ts'
import { requireOurs } from '../require-ours.ts'

import { generateLoad, type Load } from './generator.ts'
import { findMeshSubjects } from './mesh-subjects.ts'
import { startNaive } from './naive-subject.ts'
import {
  drawPlot,
  formatMarkdown,
  formatSection,
  type Memory,
  type Report,
  type Row,
} from './report.ts'
import { readResidentMib, type Started } from './service.ts'
import { setUpSigner, startFromSource, startShipped } from './signer-subjects.ts'
import { message, type Subject } from './subject.ts'
import { startVault } from './vault-subjects.ts'

const ROUNDS = 3
const CONNECTIONS = 32
const SECONDS = 3
const ALONE_SECONDS = 1
const LOOP_SECONDS = 1
const docs = join(CHECKOUT, 'docs')

await runMain(async () => {
  const writesDocs = readSwitch('DOCS')
  requireOurs('make bench')
  const vaultProgram = await tryToBuildVault()
  const folder = await mkdtemp(join(tmpdir(), 'secure-signing-bench-'))
  const running: Started[] = []
  const keep = <T extends { started: Started }>(one: T): T => {
    running.push(one.started)
    return one
  }
  try {
    const setup = await setUpSigner(folder)
    const source = await startFromSource(setup, join(folder, 'source.log'))
    running.push(source)
    const memory: Memory[] = [await describe('signer, as TypeScript', source)]
    source.stop()
    const naive = keep(await startNaive(join(folder, 'naive.log')))
    const signer = keep(await startShipped(setup, join(folder, 'signer.log')))
    const vault =
      vaultProgram === undefined ? undefined : keep(await startVault(vaultProgram, folder))
    const mesh = await findMeshSubjects(readVariable('GATEWAY_URL'))
    if (mesh.length === 0)
      say('not measured through the mesh: the cluster of KUBECONFIG has no deployment')
    const started = {
      'signer, as shipped': signer,
      'naive signer': naive,
      ...(vault && { Vault: vault }),
    }
    const idle = await Promise.all(
      Object.entries(started).map(([name, each]) => describe(name, each.started)),
    )

    const subjects = [naive.subject, ...signer.subjects, ...(vault?.subjects ?? []), ...mesh]
    const rows = await measureAll(subjects)
    const bare = 'the bare HMAC in a loop, one core'
    const loop: Row = { name: bare, isOurs: false, perSecond: measureLoop() }
    for (const [index, each] of Object.values(started).entries()) {
      memory.push({ ...idle[index], afterMib: await readResidentMib(each.started) } as Memory)
    }
    const conditions = `Node ${process.version}, ${availableParallelism()} cores for everything, ${CONNECTIONS} connections, median of ${ROUNDS} rounds.`
    await publish({ rows: [...rows, loop], memory, conditions }, writesDocs)
  } finally {
    for (const { stop } of running) stop()
    await rm(folder, { recursive: true })
  }
})

async function tryToBuildVault(): Promise<string | undefined> {
  try {
    return join(await buildVault(), 'vault')
  } catch (error) {
    say(
      `Vault is not measured, because its build failed: ${error instanceof Error ? error.message : error}`,
    )
    return undefined
  }
}

async function describe(name: string, started: Started): Promise<Memory> {
  return { name, readyMs: started.readyMs, idleMib: await readResidentMib(started) }
}

/** Measures the subjects in turns, so that other work of the machine affects all of them. */
async function measureAll(subjects: readonly Subject[]): Promise<Row[]> {
  const loads = subjects.map(() => [] as Load[])
  for (let round = 1; round <= ROUNDS; round++) {
    say(`round ${round} of ${ROUNDS}`)
    for (const [index, subject] of subjects.entries()) {
      loads[index]?.push(await measure(subject, CONNECTIONS, SECONDS))
    }
  }
  const rows: Row[] = []
  for (const [index, subject] of subjects.entries()) {
    const load = takeMedian(loads[index] ?? [])
    const { p50Ms } = await measure(subject, 1, ALONE_SECONDS)
    const perSecond = load.perSecond * subject.signatures
    rows.push({ name: subject.name, isOurs: subject.isOurs, perSecond, load, aloneMs: p50Ms })
  }
  return rows
}

/** Measures one subject. Throws if any answer is not 200. */
async function measure(subject: Subject, connections: number, seconds: number): Promise<Load> {
  const { address, write, generate = generateLoad, name } = subject
  const load = await generate({ address, bytes: write(), connections, seconds })
  if (load.failed > 0 || load.perSecond === 0)
    throw new Error(`${name}: ${load.failed} requests failed`)
  return load
}

/** Returns the median by requests a second. */
function takeMedian(loads: readonly Load[]): Load {
  const median = loads.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(loads.length / 2)]
  if (median === undefined) throw new Error('no measurements')
  return median
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

async function publish(report: Report, writesDocs: boolean): Promise<void> {
  process.stdout.write(formatMarkdown(report))
  if (!writesDocs) return
  await writeSection('benchmark', formatSection(report))
  await writeFile(join(docs, 'benchmark.svg'), drawPlot(report))
}
