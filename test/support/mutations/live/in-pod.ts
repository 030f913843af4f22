// What the application's container of a Pod can do, and what others can do to the Pod.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../../tools/cli/checkout.ts'
import { application } from '../../../../tools/kube/application.ts'
import { kubectl } from '../../../../tools/kube/kubectl.ts'
import { sharesPod } from '../../../../tools/kube/layouts.ts'
import { port, signerPort } from '../../../../tools/kube/names.ts'
import { type Container, execIn } from '../../../../tools/verify/attack/containers.ts'
import type { Outcome, Probe } from '../../../../tools/verify/attack/probe.ts'
import {
  type RequestParts,
  readStatus,
  tokenHeader,
  withCredentials,
  writeRequest,
} from '../../../../tools/verify/attack/requests.ts'
import { readOwnToken, type Target, tryStealing } from '../../../../tools/verify/attack/target.ts'
import type { Lane } from './lane.ts'
import type { Senders } from './senders.ts'

const EXEC_MS = 60_000
const PROBE_MS = 2_500
/** What the unchanged Pod has to do. Everything else that works is an attack. */
const service = 'serves '

type Way = readonly [name: string, probe: Probe, isServed: (status: number) => boolean]

const isAnswered = (status: number) => status < 500
const isFine = (status: number) => status === 200
const json = { 'content-type': 'application/json' }

/** Returns the names of what works. `outside`: a container without a proxy, and how it sends probes. */
export async function listWorking(
  { layout }: Lane,
  target: Target,
  outside?: { from: Container; gatewayIP: string; senders: Senders },
): Promise<Set<string>> {
  const working = await Promise.all([
    tryInside(target, await listWays(target, layout.isMeshed, outside?.gatewayIP)),
    outside === undefined ? [] : tryOutside(target, outside),
  ])
  return new Set(working.flat())
}

async function tryInside(target: Target, ways: readonly Way[]): Promise<string[]> {
  const sources = await Promise.all(
    ['tools/verify/attack/probe.ts', 'test/support/mutations/live/attempts.ts'].map((file) =>
      readFile(join(CHECKOUT, file), 'utf8'),
    ),
  )
  const probes = ways.map(([, probe]) => probe)
  const call = `console.log(JSON.stringify({
    outcomes: await runProbes(${JSON.stringify(probes)}, ${PROBE_MS}, 16),
    done: await tryEverything(),
  }))`
  const node = ['/nodejs/bin/node', '--input-type=module-typescript', '-']
  const output = await kubectl([...execIn(target.frontend), ...node], {
    input: [...sources, call].join('\n'),
    timeoutMs: EXEC_MS,
  })
  const { outcomes, done } = JSON.parse(output) as { outcomes: Outcome[]; done: string[] }
  return [...done, ...nameOpen(ways, outcomes)]
}

async function tryOutside(
  { podIP }: Target,
  { from, senders }: { from: Container; senders: Senders },
): Promise<string[]> {
  const ways = [port, signerPort, 15_000, 15_006, 15_020, 15_090].map(
    (to): Way => [
      `a Pod without a sidecar reaches port ${to}`,
      { host: podIP, port: to, bytes: writeRequest({ method: 'GET', path: '/readyz', body: '' }) },
      isAnswered,
    ],
  )
  return nameOpen(
    ways,
    await senders.send(
      from,
      ways.map(([, probe]) => probe),
    ),
  )
}

function nameOpen(ways: readonly Way[], outcomes: readonly Outcome[]): string[] {
  return ways
    .filter(([, , isOpen], index) => {
      const status = readStatus(outcomes[index]?.received ?? '')
      return status !== undefined && isOpen(status)
    })
    .map(([name]) => name)
}

async function listWays(target: Target, isMeshed: boolean, gatewayIP = ''): Promise<Way[]> {
  const smoke = application.smoke?.request
  const body = JSON.stringify(smoke?.body ?? {})
  const { method = 'GET', path = '/' } = smoke ?? {}
  const toApplication = writeRequest({ method, path, host: 'localhost', headers: json, body })
  const own: Way = [
    `${service}${method} ${path} of the application`,
    { host: '127.0.0.1', port, bytes: toApplication },
    isFine,
  ]
  if (!isMeshed) return [own]
  const { signer, show } = await findSigner(target)
  const admin = { host: '127.0.0.1', port: 15_000 }
  const get = (to: string, host: string) =>
    writeRequest({ method: 'GET', path: to, host, body: '' })
  const ofSigner = [
    { method: 'POST', path: '/sign' },
    { method: 'GET', path: '/keys' },
    { method: 'GET', path: '/readyz' },
  ]
  return [
    own,
    ...ofSigner.map(
      (parts): Way => [
        `${service}${parts.method} ${parts.path} of the signer`,
        { ...signer, bytes: show(parts) },
        isFine,
      ],
    ),
    [
      'signs without credentials',
      { ...signer, bytes: writeRequest({ host: signer.host }) },
      isFine,
    ],
    ...['/config_dump', '/certs', '/runtime', '/clusters'].map(
      (to): Way => [
        `reads ${to} of Envoy's admin port`,
        { ...admin, bytes: get(to, 'localhost:15000') },
        isFine,
      ],
    ),
    [
      'reaches the API server',
      { host: '10.96.0.1', port: 443, tls: {}, bytes: get('/version', 'kubernetes') },
      isAnswered,
    ],
    [
      'reaches a gateway of the mesh',
      { host: gatewayIP, port: 80, bytes: get('/', 'any.example') },
      isAnswered,
    ],
  ]
}

/** How the application's container reaches the signer, and what it shows. */
async function findSigner(target: Target) {
  if (!sharesPod(target.layout)) {
    const headers = tokenHeader(await readOwnToken(target))
    return {
      // The proxy lets the frontend call only the Service's name.
      signer: { host: 'signer', port: 80 },
      show: (parts: RequestParts) => writeRequest({ ...parts, host: 'signer', headers }),
    }
  }
  const stolen = await tryStealing(target)
  return {
    signer: { host: '127.0.0.1', port: signerPort },
    show: (parts: RequestParts) =>
      writeRequest(stolen === undefined ? parts : withCredentials(stolen, parts)),
  }
}

/** What works that did not, and what does not that has to. */
export function compareWorking(before: ReadonlySet<string>, after: ReadonlySet<string>) {
  return {
    opened: [...after].filter((each) => !before.has(each) && !each.startsWith(service)),
    lost: [...before].filter((each) => !after.has(each) && each.startsWith(service)),
  }
}
