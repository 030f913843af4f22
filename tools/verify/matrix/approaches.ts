// From where each caller asks, and what it shows to be somebody.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { sharesPod } from '../../kube/layouts.ts'
import type { AttackPods } from '../attack/attack-pods.ts'
import type { Container, Origin } from '../attack/containers.ts'
import { forgeCertificate, forgeHeaders, readSpiffeId } from '../attack/forged-identity.ts'
import type { Place, Probe } from '../attack/probe.ts'
import { issueToken, readOwnToken } from '../attack/tokens.ts'
import { stealCredentials, stealToken, type Victim } from '../attack/victim.ts'
import type { CallerId } from './declared.ts'
import type { CallerId as SeparateCallerId } from './declared-separate-pods.ts'

export type Shows = { token?: string; pairing?: KeyObject; headers?: Record<string, string> }
export type Approach = {
  from: Origin
  host: string
  /** If it is one for everything. */
  port?: number
  /** Where the signer is, if that is not at `host`. */
  signerHost?: string
  /** What the requests say that they are for, if that is not this Pod's signer. */
  authority?: string
  tls?: Probe['tls']
  shows: Shows
}

/** What somebody who has taken the frontend over can take away, and what else is tried. */
type Loot = { stolen: Shows & { token: string }; ownToken: string; wrongToken: string }

/** Steals and forges what the callers need that there are in the victim's layout; a caller's id → how it asks. */
export async function planApproaches(
  victim: Victim,
  pods: AttackPods,
  gateway: Place,
): Promise<Record<string, Approach>> {
  const spiffeId = await readSpiffeId(victim.layout)
  const [stolen, ownToken, wrongToken, certificate] = await Promise.all([
    sharesPod(victim.layout) ? stealCredentials(victim) : stealToken(victim).then(asShown),
    readOwnToken(pods.twin),
    issueToken(victim.layout.frontend),
    forgeCertificate(spiffeId),
  ])
  const loot = { stolen, ownToken, wrongToken }
  const { lookAlike, stranger, outsider, victimInMesh } = pods
  const inMesh = (from: Container) => ({ from, host: victimInMesh, shows: stolen })
  const outside = { from: outsider, host: victim.podIP, signerHost: victim.signerIP, shows: stolen }
  return {
    ...(sharesPod(victim.layout)
      ? planInPod(victim, pods, loot)
      : planBetweenPods(victim, pods, loot)),
    'look-alike': inMesh(lookAlike),
    stranger: inMesh(stranger),
    'stranger-forged': {
      ...inMesh(stranger),
      shows: { ...stolen, headers: forgeHeaders(spiffeId) },
    },
    outsider: outside,
    'outsider-tls': { ...outside, tls: certificate },
    world: { from: 'here', ...gateway, shows: stolen },
  }
}

function asShown(token: string) {
  return { token }
}

type Common = 'look-alike' | 'stranger' | 'stranger-forged' | 'outsider' | 'outsider-tls' | 'world'

function planInPod(
  { frontend }: Victim,
  { twin, victimInMesh }: AttackPods,
  { stolen, ownToken, wrongToken }: Loot,
): Record<Exclude<CallerId, Common>, Approach> {
  const { token, ...signature } = stolen
  const inPod = { from: frontend, host: '127.0.0.1' }
  const pairing = createSecretKey(randomBytes(32))
  return {
    frontend: { ...inPod, shows: stolen },
    'frontend-no-token': { ...inPod, shows: signature },
    'frontend-wrong-token': { ...inPod, shows: { ...signature, token: wrongToken } },
    'frontend-no-pairing': { ...inPod, shows: { token } },
    twin: { from: twin, host: victimInMesh, shows: { token: ownToken, pairing } },
  }
}

function planBetweenPods(
  { frontend }: Victim,
  { twin, impostor, victimInMesh }: AttackPods,
  { stolen, ownToken, wrongToken }: Loot,
): Record<Exclude<SeparateCallerId, Common>, Approach> {
  // By the Service's name, which is all that the proxy lets it call.
  const inPod = { from: frontend, host: 'signer', port: 80, authority: 'signer' }
  const byTwin = { from: twin, host: victimInMesh }
  return {
    frontend: { ...inPod, shows: stolen },
    'frontend-no-token': { ...inPod, shows: {} },
    'frontend-wrong-token': { ...inPod, shows: { token: wrongToken } },
    twin: { ...byTwin, shows: { token: ownToken } },
    'twin-no-token': { ...byTwin, shows: {} },
    impostor: { from: impostor, host: victimInMesh, shows: stolen },
  }
}
