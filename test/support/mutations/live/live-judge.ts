// The judge that decides by runs on the local cluster: in lanes, several at the same time.
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { say } from '../../../../tools/cli/terminal.ts'
import { kubectl } from '../../../../tools/kube/kubectl.ts'
import { type Layout, listWorkloads } from '../../../../tools/kube/layouts.ts'
import type { Resource } from '../../../../tools/kube/resources.ts'
import { type Api, openApi, pathOfKind } from '../../../../tools/verify/admission/api-server/api.ts'
import { removePolicyEngine } from '../../policy-engine.ts'
import { buildAttempts } from '../../system-calls/attempts.ts'
import type { Judge, Verdict } from '../judge.ts'
import type { Mutation } from '../mutation.ts'
import { accessKinds, judgeAccess } from './access-runner.ts'
import { type ClusterFacts, moveToLane, nameLane, readFacts } from './cluster-facts.ts'
import { createGate, type Gate } from './gate.ts'
import { type Istiod, openIstiod } from './istiod.ts'
import {
  deployLane,
  type Lane,
  listUnserved,
  removeLanes,
  startMeshLane,
  waitForRollout,
} from './lane.ts'
import { createMeshRunner } from './mesh-runner.ts'
import { moveChange } from './move-change.ts'
import { judgeNetwork } from './network-runner.ts'
import { notRun } from './not-run.ts'
import { createPodRunner, type PodRunner, type PodTools } from './pod-runner.ts'
import { createProfileRunner, profileNamespace } from './profile-runner.ts'
import { openSenders, type Senders } from './senders.ts'

/** So many mutations of the mesh have a variant set up once. */
const CHUNK = 60
/** So many Pods of a lane start at the same time. Starting one takes a processor for two seconds. */
const PODS = 2
/** So often a lane begins again. */
const FAILURES = 10

type Verdicts = AsyncGenerator<readonly [Mutation, Verdict]>
type Run = {
  api: Api
  facts: ClusterFacts
  layout: Layout
  sample: readonly Resource[]
  /** Those that no lane has taken. */
  mesh: Mutation[]
  pods: Mutation[]
  /** Of what a Pod needs. */
  besides: Mutation[]
  access: Mutation[]
  /** See PodTools. */
  attempts: string | undefined
}

/** What a Pod reads at its start, or what decides whether it starts. */
const besidePod = ['ConfigMap', 'Secret', 'ServiceAccount', 'LimitRange', 'ResourceQuota']

function chooseRun(layout: Layout, { resource: { kind, metadata } }: Mutation) {
  if (kind === 'NetworkPolicy') return 'network'
  if ([metadata.namespace, metadata.name].includes(profileNamespace)) return 'profile'
  if (accessKinds.includes(kind)) return 'access'
  if (besidePod.includes(kind)) return 'beside'
  const isOurs = kind === 'Deployment' && listWorkloads(layout).includes(metadata.name)
  return isOurs ? 'pod' : 'mesh'
}

/** `lanes`: how many run at the same time. */
export function createLiveJudge(layout: Layout, lanes: number): Judge {
  return {
    name: 'local cluster',
    canJudge: ({ resource }) => !resource.kind.startsWith('ValidatingAdmissionPolicy'),
    judge: (resources, mutations) => judge(layout, lanes, resources, mutations),
  }
}

async function* judge(
  layout: Layout,
  lanes: number,
  sample: readonly Resource[],
  mutations: readonly Mutation[],
): Verdicts {
  await removeLanes()
  await removePolicyEngine()
  await using folder = await mkdtempDisposable(join(tmpdir(), 'live-judge-'))
  await using api = await openApi(folder.path)
  const resources = mutations.map(({ resource }) => resource)
  const unserved = new Set(await listUnserved(api, resources))
  const isServed = ({ resource }: Mutation) => !unserved.has(pathOfKind(resource))
  for (const mutation of mutations.filter((each) => !isServed(each))) {
    const evidence = `the local cluster has no operator that reads a ${mutation.resource.kind}`
    yield [mutation, { class: 'not run', evidence }]
  }
  const groups = Map.groupBy(mutations.filter(isServed), (each) => chooseRun(layout, each))
  const run: Run = {
    ...{ api, layout, sample, facts: await readFacts() },
    mesh: groups.get('mesh') ?? [],
    pods: groups.get('pod') ?? [],
    besides: groups.get('beside') ?? [],
    access: groups.get('access') ?? [],
    attempts: isConfined(sample) ? await buildAttempts(folder.path) : undefined,
  }
  const path = `/api/v1/namespaces/${profileNamespace}`
  const hadProfiles = (await api.send({ method: 'GET', path })).status === 200
  try {
    yield* judgePolicies(run, groups.get('network') ?? [])
    yield* judgeProfiles(run, groups.get('profile') ?? [])
    const left = [run.mesh, run.pods, run.besides, run.access].flat().length
    if (left === 0) return
    const indexes = Array.from({ length: lanes }, (_, index) => index + 1)
    if (layout.isMeshed) yield* judgeInMesh(run, indexes)
    else yield* merge(indexes.map((index) => judgeWithoutMesh(run, index)))
  } finally {
    await removeLanes()
    if (isConfined(sample) && !hadProfiles) {
      await kubectl(['delete', 'namespace', profileNamespace, '--ignore-not-found'])
    }
  }
}

/** Without another lane, because the policies are enforced for all Pods of the node. */
async function* judgePolicies(run: Run, mutations: readonly Mutation[]): Verdicts {
  if (mutations.length === 0) return
  const left = new Set(mutations)
  try {
    const lane = await deployLane(run.api, { ...run, index: 1 })
    await waitForRollout(lane)
    for await (const judged of judgeNetwork(run.api, lane, run.sample, mutations)) {
      left.delete(judged[0])
      yield judged
    }
  } catch (error) {
    say(`  note  network policies: ${(error as Error).message}`)
    for (const mutation of left) yield [mutation, notRun(error)]
  }
  await removeLanes()
}

const isConfined = (sample: readonly Resource[]) =>
  sample.some(({ metadata }) => metadata.namespace === profileNamespace)

/** Alone, because the profiles of the node are for all lanes. */
async function* judgeProfiles(run: Run, mutations: readonly Mutation[]): Verdicts {
  if (mutations.length === 0) return
  const lane = await deployLane(run.api, { ...run, index: 1 })
  const [deployment] = listDeployments(run, lane)
  if (deployment === undefined) throw new Error('nothing has a profile')
  const runner = await createPodRunner(run, lane, moveToLane(deployment, lane.names, lane.facts))
  const judgeProfile = await createProfileRunner(run.api, lane, runner)
  for (const mutation of mutations) {
    yield [mutation, await judgeProfile(moveChange(lane, run.sample, mutation)).catch(notRun)]
  }
  await removeLanes(lane.names.namespace)
}

async function* judgeInMesh(run: Run, indexes: readonly number[]): Verdicts {
  const [istiod, senders] = await Promise.all([openIstiod(), openSenders()])
  const gate = createGate()
  try {
    yield* merge(indexes.map((index) => judgeInLane(run, { istiod, senders, gate }, index)))
  } finally {
    senders.stop()
    istiod.stop()
  }
}

async function* judgeInLane(
  run: Run,
  { istiod, senders, gate }: { istiod: Istiod; senders: Senders; gate: Gate },
  index: number,
): Verdicts {
  const { api, sample } = run
  for (let failures = 0; ; failures++) {
    const taken: Mutation[] = []
    try {
      const lane = await startMeshLane(await deployLane(api, { ...run, index }))
      const mesh = createMeshRunner({ api, istiod, senders, gate }, lane)
      yield* judgeAccessIn(run, lane)
      while (run.mesh.length > 0) {
        taken.push(...run.mesh.splice(0, CHUNK))
        for await (const judged of mesh.run(sample, [...taken])) {
          taken.splice(taken.indexOf(judged[0]), 1)
          yield judged
        }
      }
      const outside = { from: lane.pods.nonMeshPod, gatewayIP: lane.gatewayIP, senders }
      yield* judgePods(run, lane, { api, istiod, outside, gate, attempts: run.attempts })
      return
    } catch (error) {
      // Others may have used up the machine. The lane begins again.
      say(`  note  lane ${index}: ${(error as Error).message}`)
      if (failures >= FAILURES) {
        for (const mutation of taken) yield [mutation, notRun(error)]
        return
      }
      run.mesh.push(...taken)
      await removeLanes(nameLane(index).namespace)
    }
  }
}

async function* judgeWithoutMesh(run: Run, index: number): Verdicts {
  const lane = await deployLane(run.api, { ...run, index })
  yield* judgeAccessIn(run, lane)
  yield* judgePods(run, lane, { api: run.api, attempts: run.attempts })
  for (const mutation of run.mesh.splice(0)) {
    const evidence = `${mutation.resource.kind} decides about no container, and there is no mesh`
    yield [mutation, { class: 'not run', evidence }]
  }
}

async function* judgeAccessIn(run: Run, lane: Lane): Verdicts {
  for (let next = run.access.shift(); next !== undefined; next = run.access.shift()) {
    yield [next, await judgeAccess(run.api, lane, moveChange(lane, run.sample, next)).catch(notRun)]
  }
}

/** Runs the changes of each Deployment, and then those of what its Pod needs. */
async function* judgePods(run: Run, lane: Lane, tools: PodTools): Verdicts {
  const deployments = listDeployments(run, lane)
  for (const deployment of deployments) {
    const isLast = deployment === deployments.at(-1)
    const isLeft = run.pods.some(({ resource }) => resource === deployment)
    if (!isLeft && !(isLast && run.besides.length > 0)) continue
    const runner = await createPodRunner(
      tools,
      lane,
      moveToLane(deployment, lane.names, lane.facts),
    )
    yield* merge(Array.from({ length: PODS }, () => judgeDeployment(run, lane, runner, deployment)))
    if (isLast) yield* judgeBesides(run, lane, runner)
  }
}

function listDeployments({ sample }: Run, { layout }: Lane): Resource[] {
  return sample.filter(
    ({ kind, metadata }) => kind === 'Deployment' && listWorkloads(layout).includes(metadata.name),
  )
}

async function* judgeDeployment(
  run: Run,
  lane: Lane,
  runner: PodRunner,
  deployment: Resource,
): Verdicts {
  const takeNext = () => {
    const index = run.pods.findIndex(({ resource }) => resource === deployment)
    return index < 0 ? undefined : run.pods.splice(index, 1)[0]
  }
  for (let next = takeNext(); next !== undefined; next = takeNext()) {
    const [changed] = moveChange(lane, run.sample, next).applied
    yield [
      next,
      changed === undefined
        ? { class: 'breaks', evidence: 'no Pod is left' }
        : await runner.run(changed).catch(notRun),
    ]
  }
}

async function* judgeBesides(run: Run, lane: Lane, runner: PodRunner): Verdicts {
  for (let next = run.besides.shift(); next !== undefined; next = run.besides.shift()) {
    const change = moveChange(lane, run.sample, next)
    const foreign = [...change.applied, ...change.deleted].find(
      ({ metadata }) => metadata.namespace !== lane.names.namespace,
    )
    if (foreign !== undefined) {
      const evidence = `${foreign.kind} of ${foreign.metadata.namespace} is for all lanes`
      yield [next, { class: 'not run', evidence }]
    } else yield [next, await runner.runBeside(change, isRead(next, run.sample)).catch(notRun)]
  }
}

/** Whether a Pod can see the change: a Pod reads no labels of others, and no ConfigMap or Secret that it does not name. */
function isRead({ change, resource: { kind, metadata } }: Mutation, sample: readonly Resource[]) {
  const [first, field] = change?.path ?? []
  if (first === 'metadata' && ['labels', 'annotations'].includes(String(field))) return false
  if (kind !== 'ConfigMap' && kind !== 'Secret') return true
  const pods = sample.filter((each) => each.kind === 'Deployment')
  return JSON.stringify(pods).includes(JSON.stringify(metadata.name))
}

/** Yields what all of them yield, as it comes. Who stops to ask waits until each has ended its step. */
async function* merge<T>(all: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const next = (each: AsyncGenerator<T>) => each.next().then((result) => ({ each, result }))
  const running = new Map(all.map((each) => [each, next(each)]))
  try {
    while (running.size > 0) {
      const { each, result } = await Promise.race(running.values())
      if (result.done) running.delete(each)
      else {
        running.set(each, next(each))
        yield result.value
      }
    }
  } finally {
    await Promise.allSettled([...running.keys()].map((each) => each.return(undefined)))
  }
}
