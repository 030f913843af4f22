// Has every caller ask for everything, and looks what comes.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { serviceAccount } from '../../../deploy/names.ts'
import type { AttackPods } from '../support/attack-pods.ts'
import { readAuditLog } from '../support/audited-requests.ts'
import { callIn, probeFrom } from '../support/containers.ts'
import { forgeCertificate, forgeHeaders, readSpiffeId } from '../support/forged-identity.ts'
import { type Probe, runProbes } from '../support/probe.ts'
import {
  bearer,
  makeRequestId,
  type RequestParts,
  signParts,
  writeRequest,
} from '../support/requests.ts'
import { LOG_MS, POLL_MS, PROBE_MS } from '../support/timeouts.ts'
import { issueToken } from '../support/tokens.ts'
import { stealCredentials, type Victim } from '../support/victim.ts'
import { classify } from './classify.ts'
import { type CallerId, callers, declare, type RequestId, requests } from './declared.ts'
import type { Cell } from './report.ts'

/** What a caller shows to be somebody. */
type Shows = { token?: string; pairing?: KeyObject; headers?: Record<string, string> }
type Send = (probes: readonly Probe[]) => ReturnType<typeof runProbes>
type Approach = { send: Send; host: string; port?: number; tls?: Probe['tls']; shows: Shows }

const bodies: Record<RequestId, string> = {
  sign: '{"message":"matrix"}',
  batch: '{"messages":["matrix"]}',
  verify: JSON.stringify({ message: 'matrix', signature: '0'.repeat(64) }),
  ...{ keys: '', metrics: '', readyz: '' },
  process: '{"message":"matrix"}',
}
const ports = { signer: 8081, frontend: 8080 }

/** Asks and returns a cell for each request, and how many signatures were made for requests that had no right to one. */
export async function measure(
  victim: Victim,
  pods: AttackPods,
  gateway: { host: string; port: number },
): Promise<{ cells: Cell[]; signaturesWithoutRight: number }> {
  const start = new Date()
  const approaches = await planApproaches(victim, pods, gateway)
  const asked = await Promise.all(callers.map(({ id }) => askForEverything(id, approaches[id])))
  const all = asked.flat()
  const wronged = await countWronged(victim, start, all)
  return { cells: all.map(({ cell }) => cell), signaturesWithoutRight: wronged }
}

async function planApproaches(
  victim: Victim,
  { lookAlike, twin, stranger, outsider, victimInMesh }: AttackPods,
  gateway: { host: string; port: number },
): Promise<Record<CallerId, Approach>> {
  const { token, pairing } = await stealCredentials(victim)
  const stolen = { token, pairing }
  const spiffeId = await readSpiffeId()
  const [own, wrong, certificate] = await Promise.all([
    callIn<string>(twin, 'token-file.ts', 'readToken', '/run/identity/token'),
    issueToken(serviceAccount),
    forgeCertificate(spiffeId),
  ])
  const inPod = {
    send: (all: readonly Probe[]) => probeFrom(victim.frontend, all),
    host: '127.0.0.1',
  }
  const inMesh = (from: typeof twin) => ({
    send: (all: readonly Probe[]) => probeFrom(from, all),
    host: victimInMesh,
  })
  const outside = { ...inMesh(outsider), host: victim.podIP, shows: stolen }
  return {
    frontend: { ...inPod, shows: stolen },
    'frontend-no-token': { ...inPod, shows: { pairing } },
    'frontend-wrong-token': { ...inPod, shows: { token: wrong, pairing } },
    'frontend-no-pairing': { ...inPod, shows: { token } },
    twin: { ...inMesh(twin), shows: { token: own, pairing: createSecretKey(randomBytes(32)) } },
    'look-alike': { ...inMesh(lookAlike), shows: stolen },
    stranger: { ...inMesh(stranger), shows: stolen },
    'stranger-forged': {
      ...inMesh(stranger),
      shows: { ...stolen, headers: forgeHeaders(spiffeId) },
    },
    outsider: outside,
    'outsider-tls': { ...outside, tls: certificate },
    world: { send: (all) => runProbes(all, PROBE_MS), ...gateway, shows: stolen },
  }
}

type Asked = { cell: Cell; requestId: string }

async function askForEverything(caller: CallerId, approach: Approach): Promise<Asked[]> {
  const { send, host, port, tls, shows } = approach
  const planned = requests.flatMap(({ id, method, path, of }) => {
    const declared = declare(caller, id)
    if (declared === undefined) return []
    const requestId = makeRequestId()
    const parts = { method, path, body: bodies[id] }
    const bytes = writeRequest(show(shows, parts, requestId))
    const probe = { host, port: port ?? ports[of], bytes, ...(tls && { tls }) }
    return [{ request: id, requestId, declared, probe }]
  })
  const outcomes = await send(planned.map(({ probe }) => probe))
  return planned.map(({ request, requestId, declared }, index) => {
    const outcome = outcomes[index] ?? { connected: false, end: 'not sent', received: '' }
    const { verdict, by } = declared
    return { cell: { caller, request, declared: verdict, ...classify(outcome), by }, requestId }
  })
}

function show(
  { token, pairing, headers }: Shows,
  parts: RequestParts,
  requestId: string,
): RequestParts {
  const shown = {
    ...parts,
    headers: {
      'x-request-id': requestId,
      ...headers,
      ...(token === undefined ? {} : bearer(token)),
    },
  }
  return pairing === undefined ? shown : signParts(pairing, shown)
}

/** By the signer's audit log, in which others may be as well: what counts is our requests that were to be refused. */
async function countWronged(victim: Victim, since: Date, asked: readonly Asked[]): Promise<number> {
  const audited = new Set(['sign', 'batch', 'verify', 'keys'])
  const expected = asked
    .filter(({ cell }) => audited.has(cell.request) && ['served', 'pairing'].includes(cell.seen))
    .map(({ requestId }) => requestId)
  const deadline = Date.now() + LOG_MS
  for (;;) {
    const entries = await readAuditLog(victim, since)
    const ids = new Set(entries.map(({ requestId }) => requestId))
    if (expected.every((id) => ids.has(id)) || Date.now() > deadline) {
      const refused = asked.filter(({ cell }) => cell.declared !== 'served')
      return entries
        .filter(({ requestId }) => refused.some((each) => each.requestId === requestId))
        .reduce((sum, { count }) => sum + count, 0)
    }
    await sleep(POLL_MS)
  }
}
