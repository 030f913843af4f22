// Runs changes of mesh resources in a lane. What does not change the configuration of any proxy concerned changes nothing. For
// the rest, every caller sends every request, with all controls and with some of them taken away.
import { type Resource, resourceKey } from '../../../../tools/kube/resources.ts'
import type { Api } from '../../../../tools/verify/admission/api-server/api.ts'
import type { Verdict } from '../judge.ts'
import type { Mutation } from '../mutation.ts'
import { carryOut, findRefusal } from './carry-out.ts'
import { type CellChange, type Cells, summarizeChanges } from './cells.ts'
import { compareLists, type Difference, invert } from './difference.ts'
import type { Gate } from './gate.ts'
import type { Istiod } from './istiod.ts'
import type { MeshLane } from './lane.ts'
import { type Configs, watchLane } from './lane-watch.ts'
import { moveChange } from './move-change.ts'
import { notRun } from './not-run.ts'
import { waitForPod } from './pod-start.ts'
import type { Senders } from './senders.ts'
import { shortenLine } from './shorten-line.ts'
import { everyControl, type Variant, variantOf, variants } from './variants.ts'

export type Tools = { api: Api; istiod: Istiod; senders: Senders; gate: Gate }

/** What the unchanged resources of a variant show. */
type Baseline = {
  resources: readonly Resource[]
  touched: ReadonlySet<string>
  configs: Configs
  cells: Cells
}

type Run = { verdict: Verdict; isSettled: boolean }
/** `failure`: why the lane is not as before. */
type Judged = { verdict: Verdict; failure: unknown }
type Hidden = { mutation: Mutation; change: Difference; verdict: Verdict }

/** For a Pod of others to be ready. */
const PODS_MS = 20_000
const RESTORE_MS = 30_000
/** For every cell to be as before, after a change that made a Pod unready. */
const ADOPT_MS = 90_000

export type MeshRunner = {
  /** Yields a verdict for each. */
  run: (
    sample: readonly Resource[],
    mutations: readonly Mutation[],
  ) => AsyncGenerator<readonly [Mutation, Verdict]>
}

export function createMeshRunner(
  { api, istiod, senders, gate }: Tools,
  lane: MeshLane,
): MeshRunner {
  const watch = watchLane({ api, istiod, senders }, lane)

  /** Waits until the configurations are `configs` again. Returns whether they are. */
  async function isRestored(configs: Configs): Promise<boolean> {
    const deadline = Date.now() + RESTORE_MS
    let isSame: boolean
    do isSame = watch.listChanges(configs, await watch.readConfigs()).length === 0
    while (!isSame && Date.now() < deadline)
    await watch.waitForSync()
    return isSame
  }

  /** Goes on with a configuration that differs from before, if every cell is the same. */
  async function adopt(baseline: Baseline): Promise<void> {
    await carryOut(api, { applied: baseline.resources, deleted: [] })
    const deadline = Date.now() + ADOPT_MS
    let changes: CellChange[]
    do changes = await watch.measureChanges(baseline.cells)
    while (changes.length > 0 && Date.now() < deadline)
    if (changes.length > 0) throw new Error(`not restored: ${changes[0]?.evidence}`)
    baseline.configs = await settle()
  }

  /** A Pod of others has an effect once it is ready. */
  async function waitForPods({ applied }: Difference): Promise<void> {
    for (const { metadata } of applied.filter(({ kind }) => kind === 'Pod')) {
      await waitForPod(api, metadata.namespace ?? '', metadata.name, PODS_MS)
    }
  }

  /** Waits until the proxies have all there is for them. */
  async function settle(): Promise<Configs> {
    for (;;) {
      const first = await watch.readConfigs()
      await watch.waitForSync()
      const second = await watch.readConfigs()
      if (watch.listChanges(first, second).length === 0) return second
    }
  }

  async function setUp(variant: Variant): Promise<{ baseline: Baseline; difference: Difference }> {
    const resources = variant.change(lane.resources, lane.names.namespace)
    const difference = compareLists(lane.resources, resources)
    await carryOut(api, difference)
    const configs = await settle()
    const keys = [...difference.applied, ...difference.deleted].map(resourceKey)
    const cells = await watch.measure()
    return { baseline: { resources, touched: new Set(keys), configs, cells }, difference }
  }

  /** Compares what the lane does since a change with what it did before. */
  async function runChange({ configs, cells }: Baseline): Promise<Run> {
    const parts = watch.listChanges(configs, await watch.readConfigs())
    if (parts.length === 0) {
      const evidence = "istiod's configuration for all proxies concerned is the same"
      return { verdict: { class: 'nothing', evidence }, isSettled: true }
    }
    const late = await watch.waitForSync()
    const found = summarizeChanges(await watch.measureChanges(cells))
    const rejected = late === undefined ? '' : ` (${late} does not accept it)`
    return {
      isSettled: false,
      verdict: found
        ? { ...found, evidence: `${found.evidence}${rejected}` }
        : {
            class: 'nothing',
            evidence: `${describeParts(parts)} differs, every cell is the same${rejected}`,
          },
    }
  }

  function runOne(change: Difference, baseline: Baseline): Promise<Judged> {
    const isForAll = [...change.applied, ...change.deleted].some(isInRoot)
    const work = () => runInTurn(change, baseline)
    return isForAll ? gate.alone(work) : gate.together(work)
  }

  async function runInTurn(change: Difference, baseline: Baseline): Promise<Judged> {
    let run: Run
    let failure: unknown
    try {
      await carryOut(api, change)
      await waitForPods(change)
      run = await runChange(baseline)
    } catch (error) {
      failure = error
      run = { verdict: notRun(error), isSettled: false }
    }
    try {
      await carryOut(api, invert(baseline.resources, change))
      if (!run.isSettled && !(await isRestored(baseline.configs))) await adopt(baseline)
    } catch (error) {
      failure ??= error
    }
    return { verdict: run.verdict, failure }
  }

  async function* run(sample: readonly Resource[], mutations: readonly Mutation[]) {
    const hidden: Hidden[] = []
    const first = await setUp(everyControl)
    for (const mutation of mutations) {
      const change = moveChange(lane, sample, mutation)
      const refusal = findReason(change, lane) ?? (await explainRefusal(api, change))
      if (refusal !== undefined) {
        yield [mutation, refusal] as const
        continue
      }
      const { verdict, failure } = await runOne(change, first.baseline)
      if (failure === undefined && mayHide(verdict)) hidden.push({ mutation, change, verdict })
      else yield [mutation, verdict] as const
      if (failure !== undefined) throw failure
    }
    for (const variant of variants) {
      const wanted = hidden.filter(({ mutation }) => variantOf(mutation.resource) === variant)
      if (wanted.length > 0) yield* runInVariant(variant, wanted, first.baseline)
    }
  }

  async function* runInVariant(variant: Variant, hidden: readonly Hidden[], first: Baseline) {
    const { baseline, difference } = await setUp(variant)
    for (const { mutation, change, verdict } of hidden) {
      const keys = [...change.applied, ...change.deleted].map(resourceKey)
      // The variant has taken away what the mutation changes.
      if (keys.some((key) => baseline.touched.has(key))) {
        yield [mutation, verdict] as const
        continue
      }
      const found = await runOne(change, baseline)
      const isLooser = ['opens', 'weakens'].includes(found.verdict.class)
      const evidence = `${variant.name}: ${found.verdict.evidence}`
      yield [mutation, isLooser ? ({ class: 'weakens', evidence } as const) : verdict] as const
      if (found.failure !== undefined) throw found.failure
    }
    await carryOut(api, invert(lane.resources, difference))
    if (!(await isRestored(first.configs))) await adopt(first)
  }

  return { run }
}

/** Whether a control that the change takes away may be hidden behind others. */
function mayHide({ class: found, evidence }: Verdict): boolean {
  return found === 'breaks' || (found === 'nothing' && evidence.includes('differs'))
}

function describeParts([first, ...others]: readonly string[]): string {
  return others.length === 0 ? String(first) : `${first} and ${others.length} more`
}

/** Resources of this namespace are for the whole mesh. */
const isInRoot = ({ metadata }: Resource) => metadata.namespace === 'istio-system'

function findReason({ applied, deleted }: Difference, { names }: MeshLane): Verdict | undefined {
  const all = [...applied, ...deleted]
  if (all.length === 0) return { class: 'nothing', evidence: 'the resources are the same' }
  const foreign = all.find(
    (each) =>
      ![names.namespace, names.other].includes(each.metadata.namespace ?? '') &&
      !isInRoot(each) &&
      !(each.kind === 'Namespace' && each.metadata.name === names.namespace),
  )
  if (foreign !== undefined) {
    const where = foreign.metadata.namespace ?? 'the whole cluster'
    return { class: 'not run', evidence: `${foreign.kind} of ${where} is for all lanes` }
  }
  if (deleted.some(({ kind }) => kind === 'Namespace')) {
    return { class: 'not run', evidence: 'it would delete the whole namespace' }
  }
  return undefined
}

async function explainRefusal(api: Api, change: Difference): Promise<Verdict | undefined> {
  const said = await findRefusal(api, change)
  return said === undefined
    ? undefined
    : { class: 'breaks', evidence: `the API server refuses it: ${shortenLine(said)}` }
}
