// What every caller gets for every request in a lane, as `make matrix` measures it, and more ways that a change could open.
import { port, signerPort } from '../../../../tools/kube/names.ts'
import type { Origin } from '../../../../tools/verify/attack/containers.ts'
import type { Outcome, Probe } from '../../../../tools/verify/attack/probe.ts'
import { readStatus, tokenHeader, writeRequest } from '../../../../tools/verify/attack/requests.ts'
import { issueToken } from '../../../../tools/verify/attack/tokens.ts'
import { type Approach, planApproaches } from '../../../../tools/verify/matrix/approaches.ts'
import { classify } from '../../../../tools/verify/matrix/classify.ts'
import { requests } from '../../../../tools/verify/matrix/declared-table.ts'
import { type Expectations, expectationsOf } from '../../../../tools/verify/matrix/expectations.ts'
import { sendAll } from '../../../../tools/verify/matrix/measure.ts'
import { type Cell, controls } from '../../../../tools/verify/matrix/report.ts'
import type { Verdict } from '../judge.ts'
import type { MeshLane } from './lane.ts'
import type { Senders } from './senders.ts'

/** What a cell showed, by the name of the cell: caller → request. */
export type Cells = ReadonlyMap<string, Pick<Cell, 'seen' | 'answer'>>

/** How every caller of a lane sends requests. Its tokens are good for ten minutes. */
export type Callers = {
  approaches: Readonly<Record<string, Approach>>
  expected: Expectations
  others: readonly Other[]
}

type Other = {
  name: string
  from: Origin
  probe: Probe
  read: (outcome: Outcome) => Pick<Cell, 'seen' | 'answer'>
}

export async function planCallers(lane: MeshLane): Promise<Callers> {
  const { target, pods, gatewayIP } = lane
  const place = { host: gatewayIP, port: 80 }
  const approaches = await planApproaches(target, pods, place)
  const { namespace } = target.frontend
  const otherToken = await issueToken(pods.otherAccountPod.pod, 'signer', namespace)
  const withOtherToken = (approach: Approach | undefined) =>
    approach && { ...approach, shows: { ...approach.shows, token: otherToken } }
  const inPod = approaches.application ?? approaches.frontend
  const ofOther = approaches['other-account']
  const more = {
    'application-token-of-another': withOtherToken(inPod),
    'other-account-own-token': withOtherToken(ofOther),
  }
  const own = expectationsOf(target.layout)
  return {
    approaches: {
      ...approaches,
      ...Object.fromEntries(Object.entries(more).filter(([, each]) => each !== undefined)),
      // A client outside of the mesh reaches the gateway of the lane only from within the cluster.
      public: { ...(approaches.public as Approach), from: pods.nonMeshPod },
    } as Record<string, Approach>,
    expected: {
      callers: [
        ...own.callers,
        ...Object.keys(more).map((id) => ({ id, name: id, shows: 'another token' })),
      ],
      declare: (caller, request) =>
        caller in more ? { verdict: 'policy', by: [] } : own.declare(caller, request),
    },
    others: listOthers(lane, approaches),
  }
}

/** Any answer in HTTP means that the way is open. */
function readWay(outcome: Outcome): Pick<Cell, 'seen' | 'answer'> {
  const status = readStatus(outcome.received)
  if (status !== undefined && status < 500) return { seen: 'served', answer: String(status) }
  return { seen: 'route', answer: status === undefined ? outcome.end : String(status) }
}

/** What the policies treat alike is sent once, but by the application itself. */
function isMeasured(caller: string, request: string): boolean {
  if (['application', 'frontend'].includes(caller)) return true
  if (['batch', 'verify'].includes(request)) return false
  return !/forged|tls|token/.test(caller) || ['sign', 'keys', 'application'].includes(request)
}

/** Requests that the matrix does not send. */
function listOthers(
  { target, pods, gatewayIP, names }: MeshLane,
  approaches: Readonly<Record<string, Approach>>,
): Other[] {
  const { frontend, podIP } = target
  const request = (line: string, host?: string) => {
    const [method = '', path = ''] = line.split(' ')
    const headers = { 'content-type': 'application/json' }
    return writeRequest({ method, path, ...(host && { host }), headers })
  }
  const toGateway = [
    'POST /other',
    'POST /process/more',
    'GET /process',
    'PUT /process',
    'GET /healthz',
    'GET /',
  ].map(
    (line): Other => ({
      name: `a public client → ${line} of the application`,
      from: pods.nonMeshPod,
      probe: { host: gatewayIP, port: 80, bytes: request(line, 'any.example') },
      read: classify,
    }),
  )
  const toPod = [
    ['a Pod with another ServiceAccount', pods.otherAccountPod],
    ['a mesh Pod in another namespace', pods.otherNamespacePod],
  ].flatMap(([name, from]) =>
    ['GET /healthz', 'POST /other', 'GET /process'].map(
      (line): Other => ({
        name: `${name} → ${line} of the application`,
        from: from as Origin,
        probe: { host: pods.targetInMesh, port, bytes: request(line) },
        read: classify,
      }),
    ),
  )
  const inPlainText = [15020, 15090, 15000, 15006].map(
    (to): Other => ({
      name: `a Pod without a sidecar → port ${to} of the Pod`,
      from: pods.nonMeshPod,
      probe: { host: podIP, port: to, bytes: request('GET /stats/prometheus') },
      read: classify,
    }),
  )
  const api = { host: '10.96.0.1', port: 443, tls: {} }
  const outbound: Record<string, Probe> = {
    'the API server': { ...api, bytes: request('GET /version') },
    'the gateway': { host: gatewayIP, port: 80, bytes: request('GET /') },
    'a Service of its namespace': {
      ...{ host: `frontend.${names.namespace}.svc.cluster.local`, port: 8080 },
      bytes: request('GET /'),
    },
    "istiod's port for metrics": {
      ...{ host: 'istiod.istio-system.svc.cluster.local', port: 15014 },
      bytes: request('GET /version'),
    },
  }
  const fromApplication = Object.entries(outbound).map(
    ([what, probe]): Other => ({
      ...{ name: `the application → ${what}`, from: frontend, probe, read: readWay },
    }),
  )
  const shown = approaches.application ?? approaches.frontend
  const toSigner = ['POST /other', 'GET /sign', 'PUT /sign', 'POST /keys', 'GET /healthz'].map(
    (line): Other => {
      const [method = '', path = ''] = line.split(' ')
      const { host = '', port: to = signerPort, authority, shows = {} } = shown ?? {}
      const parts = {
        ...{ method, path, ...(authority && { host: authority }) },
        headers: shows.token === undefined ? {} : tokenHeader(shows.token),
      }
      return {
        name: `the application → ${line} of the signer`,
        from: frontend,
        probe: { host, port: to, bytes: writeRequest(parts) },
        read: classify,
      }
    },
  )
  const admin = ['GET /config_dump', 'POST /logging', 'GET /certs', 'POST /runtime_modify?a=b'].map(
    (line): Other => ({
      name: `the application → ${line} of Envoy's admin port`,
      from: frontend,
      probe: { host: '127.0.0.1', port: 15_000, bytes: request(line, 'localhost:15000') },
      read: classify,
    }),
  )
  return [
    ...toGateway,
    ...toPod,
    ...inPlainText,
    ...fromApplication,
    ...(shown === undefined ? [] : toSigner),
    ...admin,
  ]
}

/**
 * Sends a few requests on each way, because a connection from before a change ends only with the next request.
 */
export async function warmUp({ approaches, expected }: Callers, senders: Senders): Promise<void> {
  const inTurn = ['application', 'frontend', 'public']
  await sendAll(
    approaches,
    expected,
    (caller, request) => inTurn.includes(caller) && ['keys', 'application'].includes(request),
    senders.send,
  )
}

/** Sends everything, or only the cells with these names. */
export async function measureCells(
  { approaches, expected, others }: Callers,
  senders: Senders,
  names?: ReadonlySet<string>,
): Promise<Cells> {
  const nameOf = new Map(expected.callers.map(({ id, name }) => [id, name]))
  const asked = new Map<string, string>(
    requests.map(({ id, method, path }) => [id, `${method} ${path}`]),
  )
  const nameCell = (caller: string, request: string) =>
    `${nameOf.get(caller)} → ${asked.get(request)}`
  const isWanted = (name: string) => names === undefined || names.has(name)
  const wanted = others.filter(({ name }) => isWanted(name))
  const [sent, outcomes] = await Promise.all([
    sendAll(
      approaches,
      expected,
      (caller, request) => isMeasured(caller, request) && isWanted(nameCell(caller, request)),
      senders.send,
    ),
    Promise.all(
      [...Map.groupBy(wanted, ({ from }) => from)].map(async ([from, all]) => {
        const answers = await senders.send(
          from,
          all.map(({ probe }) => probe),
        )
        return all.map(({ name, read }, index) => [name, read(answers[index] as Outcome)] as const)
      }),
    ),
  ])
  return new Map([
    ...sent.map(
      ({ cell: { caller, request, seen, answer } }) =>
        [nameCell(caller, request), { seen, answer }] as const,
    ),
    ...outcomes.flat(),
  ])
}

/** Names the cells that got no answer, as on a busy machine. Nothing can be compared with them. */
export function listUnanswered(cells: Cells): Set<string> {
  return new Set([...cells].filter(([, seen]) => depthOf(seen) < 0).map(([name]) => name))
}

/** A cell that changed, and how. */
export type CellChange = { name: string; class: 'opens' | 'weakens' | 'breaks'; evidence: string }

/** Lists what got better or worse between two measurements. */
export function compareCells(before: Cells, after: Cells): CellChange[] {
  return [...after].flatMap(([name, is]) => {
    const was = before.get(name)
    const found = was && judgeCell(was, is)
    if (was === undefined || found === undefined) return []
    return [{ name, class: found, evidence: `${name}: ${describe(was)} → ${describe(is)}` }]
  })
}

/** The worst of the changes. */
export function summarizeChanges(changes: readonly CellChange[]): Verdict | undefined {
  for (const each of ['opens', 'weakens', 'breaks'] as const) {
    const [first, ...others] = changes.filter((change) => change.class === each)
    if (first === undefined) continue
    const more = others.length === 0 ? '' : `, and ${others.length} more`
    return { class: each, evidence: `${first.evidence}${more}` }
  }
  return undefined
}

type Seen = Pick<Cell, 'seen' | 'answer'>

const describe = ({ seen, answer }: Seen) =>
  ['other', 'served'].includes(seen) ? answer.replaceAll(/\s+/g, ' ') : `${answer} (${seen})`

/** How far a request got: past how many controls. A request without an answer of HTTP got nowhere. */
function depthOf({ seen, answer }: Seen): number {
  if (seen === 'other') return /^[1-4]\d\d/.test(answer) ? controls.length : -1
  return seen === 'served' ? controls.length + 1 : controls.indexOf(seen)
}

function judgeCell(was: Seen, is: Seen): CellChange['class'] | undefined {
  if (was.seen === 'served') return is.seen === 'served' ? undefined : 'breaks'
  // Without an answer before, an answer shows nothing.
  if (depthOf(was) < 0) return undefined
  if (is.seen === 'served') return 'opens'
  return depthOf(is) > depthOf(was) ? 'weakens' : undefined
}
