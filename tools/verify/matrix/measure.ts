// Sends every request as every caller, and classifies the answers.
import { composeRequest } from '../../deploy/smoke/smoke-request.ts'
import { application } from '../../kube/application.ts'
import { signerPort } from '../../kube/names.ts'
import type { AttackPods } from '../attack/attack-pods.ts'
import { readAuditLog } from '../attack/audited-requests.ts'
import { probeFrom } from '../attack/containers.ts'
import type { PublicPlace } from '../attack/gateway.ts'
import type { Outcome, Probe } from '../attack/probe.ts'
import {
  makeRequestId,
  type RequestParts,
  signParts,
  tokenHeader,
  writeRequest,
} from '../attack/requests.ts'
import type { Target } from '../attack/target.ts'
import { LOG_MS } from '../attack/timeouts.ts'
import { waitFor } from '../attack/wait.ts'
import { type Approach, planApproaches, type Shows } from './approaches.ts'
import { type ComposeBodies, composeWebhookBodies, rawBodies } from './bodies.ts'
import { classify, classifyApplication, classifyBehindGateway, lacksRawKey } from './classify.ts'
import { requests } from './declared-table.ts'
import { type Expectations, expectationsOf } from './expectations.ts'
import { declareMore } from './more-requests.ts'
import type { Cell } from './report.ts'

/** A cell before its request is sent. */
type Plan = Pick<Cell, 'caller' | 'declared' | 'by'> & {
  request: string
  /** The container that is asked. */
  of: string
  requestId: string
  from: Approach['from']
  probe: Probe
}
export type Sent = { cell: Cell; requestId: string }
/** Sends probes from a place. */
type SendProbes = (from: Approach['from'], probes: readonly Probe[]) => Promise<Outcome[]>

const audited = ['sign', 'batch', 'verify', 'keys']

/**
 * Sends all requests. Returns a cell for each, and the number of signatures for unauthorized requests. `isMeasured`: whether a
 * request of a caller is sent.
 */
export async function measure(
  target: Target,
  pods: AttackPods,
  gateway: PublicPlace,
  isMeasured: (caller: string, request: string) => boolean,
  expected: Expectations = expectationsOf(target.layout),
): Promise<{ cells: Cell[]; unauthorizedSignatures: number }> {
  const start = new Date()
  const approaches = {
    ...(await planApproaches(target, pods, gateway)),
    ...expected.approaches,
  }
  const sent = await sendAll(approaches, expected, isMeasured)
  return {
    cells: sent.map(({ cell }) => cell),
    unauthorizedSignatures: await countUnauthorized(target, start, sent),
  }
}

/**
 * Sends the requests of every caller: the raw form, and the webhook form where the signer admits the caller but has no raw key.
 * `isMeasured`: whether a request of a caller is sent.
 */
export async function sendAll(
  approaches: Readonly<Record<string, Approach>>,
  expected: Expectations,
  isMeasured: (caller: string, request: string) => boolean,
  sendProbes: SendProbes = probeFrom,
): Promise<Sent[]> {
  const planAll = (composeBodies: ComposeBodies) =>
    expected.callers
      .flatMap(({ id }) => plan(id, approaches[id], expected, composeBodies))
      .filter(({ caller, request }) => isMeasured(caller, request))
  const raw = planAll(() => rawBodies)
  const first = await send(raw, sendProbes)
  const webhooks = planAll(composeWebhookBodies)
  const isUnserved = raw.map((each) => lacksRawKey(first.get(each) as Outcome))
  const second = await send(
    webhooks.filter((_, index) => isUnserved[index]),
    sendProbes,
  )
  return raw.map((each, index) => {
    const asked = isUnserved[index] ? (webhooks[index] as Plan) : each
    const { caller, request, of, declared, by, requestId } = asked
    const outcome = (second.get(asked) ?? first.get(asked)) as Outcome
    const seen = classifierOf(caller, of)(outcome)
    return { requestId, cell: { caller, request, declared, ...seen, by } }
  })
}

function plan(
  caller: string,
  approach: Approach | undefined,
  { declare, more = [] }: Expectations,
  composeBodies: ComposeBodies,
): Plan[] {
  if (approach === undefined) return []
  const { from, port, tls, authority, shows } = approach
  const usual = requests.map((asked) => ({ ...asked, declared: declare(caller, asked.id) }))
  const others = more.map((asked) => ({ ...asked, declared: declareMore(declare, caller, asked) }))
  return [...usual, ...others].flatMap(({ id, method, path, of, declared }) => {
    if (declared === undefined) return []
    const requestId = makeRequestId()
    const host = (of === 'signer' && approach.signerHost) || approach.host
    const bodies: Readonly<Record<string, string>> = composeBodies(requestId)
    const asked = id === 'application' ? composeAsked() : { body: bodies[id] ?? '' }
    const parts = { method, path, ...asked, ...(authority && { host: authority }) }
    const bytes = writeRequest(show(shows, parts, requestId))
    const own = of === 'signer' ? signerPort : application.port
    const probe = { host, port: port ?? own, bytes, ...(tls && { tls }) }
    const { verdict, by } = declared
    return [{ caller, request: id, of, declared: verdict, by, requestId, from, probe }]
  })
}

/** Others may have routes at the gateway of another application. */
function classifierOf(caller: string, of: string) {
  if (of !== 'signer') return classifyApplication
  return caller === 'public' && !application.isOurs ? classifyBehindGateway : classify
}

/** The smoke request. A request has one byte for each character. */
function composeAsked(): RequestParts {
  const { smoke } = application
  if (smoke === undefined) return { body: '' }
  const { headers, body = '' } = composeRequest(smoke.request)
  return { headers, body: Buffer.from(body).toString('latin1') }
}

function show(shows: Shows, parts: RequestParts, requestId: string): RequestParts {
  const { token, pairing, headers } = shows
  const shown = {
    ...parts,
    headers: {
      ...parts.headers,
      'x-request-id': requestId,
      ...headers,
      ...(token === undefined ? {} : tokenHeader(token)),
    },
  }
  return pairing === undefined ? shown : signParts(pairing, shown)
}

async function send(plans: readonly Plan[], sendProbes: SendProbes): Promise<Map<Plan, Outcome>> {
  const outcomes = new Map<Plan, Outcome>()
  await Promise.all(
    [...Map.groupBy(plans, ({ from }) => from)].map(async ([from, all]) => {
      const probes = all.map(({ probe }) => probe)
      for (const [index, outcome] of (await sendProbes(from, probes)).entries()) {
        outcomes.set(all[index] as Plan, outcome)
      }
    }),
  )
  return outcomes
}

/**
 * Counts the signatures that the audit log has for requests of ours that must be refused. Throws if the log lacks requests
 * that reached the signer, because then it proves nothing.
 */
async function countUnauthorized(
  target: Target,
  since: Date,
  sent: readonly Sent[],
): Promise<number> {
  const idsOf = (wanted: (cell: Cell) => boolean) =>
    sent.filter(({ cell }) => wanted(cell)).map(({ requestId }) => requestId)
  const expected = idsOf(
    ({ request, seen }) =>
      audited.includes(request) && ['served', 'pairing', 'caller'].includes(seen),
  )
  const refused = idsOf(({ declared }) => declared !== 'served')
  const entries = await waitFor(
    async () => {
      const found = await readAuditLog(target, since)
      const ids = new Set(found.map(({ request_id }) => request_id))
      return expected.every((id) => ids.has(id)) ? found : undefined
    },
    LOG_MS,
    () => "the signer's audit log lacks requests that it has answered. Was the log rotated?",
  )
  return entries
    .filter(({ request_id }) => refused.includes(request_id))
    .reduce((sum, { count }) => sum + count, 0)
}
