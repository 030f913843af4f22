// From where each caller sends requests, and which credentials it shows.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { accountOf, sharesPod } from '../../kube/layouts.ts'
import type { AttackPods } from '../attack/attack-pods.ts'
import type { Container, Origin } from '../attack/containers.ts'
import { forgeCertificate, forgeHeaders, readSpiffeId } from '../attack/forged-identity.ts'
import type { PublicPlace } from '../attack/gateway.ts'
import type { Probe } from '../attack/probe.ts'
import { readOwnToken, type Target, tryStealing } from '../attack/target.ts'
import { issueToken } from '../attack/tokens.ts'
import type { CallerId } from './declared.ts'
import type { CallerId as SeparateCallerId } from './declared-separate-pods.ts'

export type Shows = { token?: string; pairing?: KeyObject; headers?: Record<string, string> }
export type Approach = {
  from: Origin
  host: string
  port?: number
  /** The signer's host, if it is not `host`. */
  signerHost?: string
  /** The Host header, if it is not the default. */
  authority?: string
  tls?: Probe['tls']
  shows: Shows
}

/** The credentials that a compromised application can steal, and others to try. */
type CallerCredentials = { stolen: Shows & { token: string }; ownToken: string; wrongToken: string }

/**
 * Steals and forges what the callers of the target's layout need. Returns how each caller sends requests, by id. Without the
 * pairing secret, which not every image can read, the application itself cannot ask.
 */
export async function planApproaches(
  target: Target,
  pods: AttackPods,
  gateway: PublicPlace,
): Promise<Record<string, Approach>> {
  const { namespace } = target.frontend
  const spiffeId = await readSpiffeId(target.layout, namespace)
  const account = accountOf(target.layout.frontend)
  const [ownToken, wrongToken, certificate] = await Promise.all([
    issueToken(account, 'signer', namespace),
    issueToken(account, undefined, namespace),
    forgeCertificate(spiffeId),
  ])
  const stolen = sharesPod(target.layout)
    ? ((await tryStealing(target)) ?? { token: ownToken })
    : { token: await readOwnToken(target) }
  const credentials = { stolen, ownToken, wrongToken }
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
      ? planInPod(target, pods, credentials)
      : planBetweenPods(target, pods, credentials)),
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
  { stolen, ownToken, wrongToken }: CallerCredentials,
): Partial<Record<Exclude<CallerId, Common>, Approach>> {
  const { token, ...signature } = stolen
  const inPod = { from: frontend, host: '127.0.0.1' }
  const pairing = createSecretKey(randomBytes(32))
  return {
    ...(stolen.pairing && { application: { ...inPod, shows: stolen } }),
    'application-no-token': { ...inPod, shows: signature },
    'application-wrong-token': { ...inPod, shows: { ...signature, token: wrongToken } },
    'application-no-pairing': { ...inPod, shows: { token } },
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
  { stolen, ownToken, wrongToken }: CallerCredentials,
): Record<Exclude<SeparateCallerId, Common>, Approach> {
  // The proxy lets the frontend call only the Service's name.
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
