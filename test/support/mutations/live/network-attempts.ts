// Every connection that a NetworkPolicy of a lane could allow or refuse, and whether it opens.
import { kubectl } from '../../../../tools/kube/kubectl.ts'
import type { Verdict } from '../judge.ts'
import type { Place } from './connections.ts'
import { listening, type Peer, type Peers, unused } from './network-peers.ts'

export type Attempt = { from: Peer; to: string; place: Place }
/** Whether each connection opens, by its name, e.g. "Pod of another namespace → port 15020 of our Pod". */
export type Connections = ReadonlyMap<string, boolean>

/** The ports of a Pod of ours. The proxy accepts connections at each of them, and then judges the requests. */
const ports = [8080, 8081, 15006, 15020, 15021]
/** A refusal may come late on a busy machine, and a connection too. */
const REPEATS = 2

export async function listAttempts(peers: Peers): Promise<Attempt[]> {
  const { own, neighbor, others, istiod, dns } = peers
  const connect = (from: Peer, to: Peer, port: number, protocol: Place['protocol'] = 'TCP') => ({
    from,
    to: `port ${port}${protocol === 'TCP' ? '' : `/${protocol}`} of ${to.name}`,
    place: { protocol, host: to.address, port },
  })
  const toService = (from: Peer, to: string, host: string, port: number): Attempt => ({
    ...{ from, to, place: { protocol: 'TCP', host, port } },
  })
  const api = await findApi()
  const ways = (from: Peer): Attempt[] => [
    ...[15012, 15014, unused].map((port) => connect(from, istiod, port)),
    ...([53, unused] as const).flatMap((port) => [
      connect(from, dns, port),
      connect(from, dns, port, 'UDP'),
    ]),
    connect(from, istiod, unused, 'UDP'),
    toService(from, 'API server', api, 443),
  ]
  return [
    ...own.flatMap((to) =>
      [...others, ...own].flatMap((from) =>
        from === to ? [] : ports.map((port) => connect(from, to, port)),
      ),
    ),
    ...own.flatMap((from) => [
      ...ways(from),
      ...others.flatMap((to) =>
        listening.flatMap((port) => [connect(from, to, port), connect(from, to, port, 'UDP')]),
      ),
    ]),
    // Policies for all Pods of the namespace concern this one.
    ...ways(neighbor),
    ...others.flatMap((from) => (from === neighbor ? [] : connect(from, neighbor, unused))),
  ]
}

async function findApi(): Promise<string> {
  return kubectl([
    'get',
    'service',
    'kubernetes',
    '-o',
    'jsonpath={.spec.clusterIP}',
    '-n',
    'default',
  ])
}

/** Tries each connection, and those that fail again: a busy machine is not a refusal. `expected`: those that should open. */
export async function measure(
  attempts: readonly Attempt[],
  expected?: Connections,
): Promise<Connections> {
  const found = new Map<string, boolean>()
  let due = attempts
  for (let again = 0; again <= REPEATS && due.length > 0; again++) {
    for (const [name, isOpen] of await tryOnce(due)) found.set(name, isOpen)
    due = attempts.filter((each) => {
      const name = nameOf(each)
      return !found.get(name) && (expected?.get(name) ?? again === 0)
    })
  }
  return found
}

async function tryOnce(attempts: readonly Attempt[]): Promise<[string, boolean][]> {
  const byPeer = Map.groupBy(attempts, ({ from }) => from)
  const found = await Promise.all(
    [...byPeer].map(async ([peer, all]) => {
      const answers = await peer.tryAll(all.map(({ place }) => place))
      return all.map((each, index): [string, boolean] => [nameOf(each), answers[index] === true])
    }),
  )
  return found.flat()
}

const nameOf = ({ from, to }: Attempt) => `${from.name} → ${to}`

/** One that opens counts more than those that fail. */
export function judgeConnections(before: Connections, after: Connections): Verdict {
  const names = [...before.keys()]
  const opened = names.filter((name) => !before.get(name) && after.get(name))
  const lost = names.filter((name) => before.get(name) && !after.get(name))
  const more = ({ length }: readonly string[]) => (length > 1 ? `, and ${length - 1} more` : '')
  if (opened[0] !== undefined) {
    return { class: 'opens', evidence: `${opened[0]}: refused → connected${more(opened)}` }
  }
  if (lost[0] !== undefined) {
    return { class: 'breaks', evidence: `${lost[0]}: connected → refused${more(lost)}` }
  }
  return { class: 'nothing', evidence: 'every connection is as before' }
}
