// From where each caller asks, and what it shows to be somebody.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { sharesPod } from '../../kube/layouts.ts'
import type { AttackPods } from '../attack/attack-pods.ts'
import type { Container, Origin } from '../attack/containers.ts'
import { forgeCertificate, forgeHeaders, readSpiffeId } from '../attack/forged-identity.ts'
import type { Place, Probe } from '../attack/probe.ts'
import { stealCredentials, stealToken, type Target } from '../attack/target.ts'
import { issueToken, readOwnToken } from '../attack/tokens.ts'
import type { CallerId } from './declared.ts'
import type { CallerId as SeparateCallerId } from './declared-separate-pods.ts'

export type Shows = { token?: string; pairing?: KeyObject; headers?: Record<string, string> }
export type Approach = {
  from: Origin
  host: string
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

/** Steals and forges what the callers of the target's layout need. Returns how each caller sends requests, by id. */
export async function planApproaches(
  target: Target,
  pods: AttackPods,
  gateway: Place,
): Promise<Record<string, Approach>> {
  const spiffeId = await readSpiffeId(target.layout)
  const [stolen, ownToken, wrongToken, certificate] = await Promise.all([
    sharesPod(target.layout) ? stealCredentials(target) : stealToken(target).then(asShown),
    readOwnToken(pods.sameAccountPod),
    issueToken(target.layout.frontend),
    forgeCertificate(spiffeId),
  ])
  const loot = { stolen, ownToken, wrongToken }
  const { otherAccountPod, otherNamespacePod, nonMeshPod, targetInMesh } = pods
  const inMesh = (from: Container) => ({ from, host: targetInMesh, shows: stolen })
  const outside = {
    from: nonMeshPod,
    host: target.podIP,
    signerHost: target.signerIP,
    shows: stolen,
  }
  return {
    ...(sharesPod(target.layout)
      ? planInPod(target, pods, loot)
      : planBetweenPods(target, pods, loot)),
    'other-account': inMesh(otherAccountPod),
    'other-namespace': inMesh(otherNamespacePod),
    'other-namespace-forged': {
      ...inMesh(otherNamespacePod),
      shows: { ...stolen, headers: forgeHeaders(spiffeId) },
    },
    'non-mesh': outside,
    'non-mesh-tls': { ...outside, tls: certificate },
    public: { from: 'here', ...gateway, shows: stolen },
  }
}

function asShown(token: string) {
  return { token }
}

type Common =
  | 'other-account'
  | 'other-namespace'
  | 'other-namespace-forged'
  | 'non-mesh'
  | 'non-mesh-tls'
  | 'public'

function planInPod(
  { frontend }: Target,
  { sameAccountPod, targetInMesh }: AttackPods,
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
    'same-account': {
      from: sameAccountPod,
      host: targetInMesh,
      shows: { token: ownToken, pairing },
    },
  }
}

function planBetweenPods(
  { frontend }: Target,
  { sameAccountPod, signerAccountPod, targetInMesh }: AttackPods,
  { stolen, ownToken, wrongToken }: Loot,
): Record<Exclude<SeparateCallerId, Common>, Approach> {
  // By the Service's name, which is all that the proxy lets it call.
  const inPod = { from: frontend, host: 'signer', port: 80, authority: 'signer' }
  const bySameAccount = { from: sameAccountPod, host: targetInMesh }
  return {
    frontend: { ...inPod, shows: stolen },
    'frontend-no-token': { ...inPod, shows: {} },
    'frontend-wrong-token': { ...inPod, shows: { token: wrongToken } },
    'same-account': { ...bySameAccount, shows: { token: ownToken } },
    'same-account-no-token': { ...bySameAccount, shows: {} },
    'signer-account': { from: signerAccountPod, host: targetInMesh, shows: stolen },
  }
}
