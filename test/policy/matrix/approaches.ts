// From where each caller asks, and what it shows to be somebody.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { serviceAccount } from '../../../deploy/names.ts'
import type { AttackPods } from '../support/attack-pods.ts'
import { type Container, callIn, type Origin } from '../support/containers.ts'
import { forgeCertificate, forgeHeaders, readSpiffeId } from '../support/forged-identity.ts'
import type { Place, Probe } from '../support/probe.ts'
import { issueToken } from '../support/tokens.ts'
import { stealCredentials, type Victim } from '../support/victim.ts'
import type { CallerId } from './declared.ts'

export type Shows = { token?: string; pairing?: KeyObject; headers?: Record<string, string> }
export type Approach = {
  from: Origin
  host: string
  /** If it is one for everything. */
  port?: number
  tls?: Probe['tls']
  shows: Shows
}

/** Steals and forges what the callers need. */
export async function planApproaches(
  victim: Victim,
  { lookAlike, twin, stranger, outsider, victimInMesh }: AttackPods,
  gateway: Place,
): Promise<Record<CallerId, Approach>> {
  const spiffeId = await readSpiffeId()
  const [stolen, ownToken, wrongToken, certificate] = await Promise.all([
    stealCredentials(victim),
    callIn<string>(twin, 'token-file.ts', 'readToken', '/run/identity/token'),
    issueToken(serviceAccount),
    forgeCertificate(spiffeId),
  ])
  const { token, pairing } = stolen
  const ownPairing = createSecretKey(randomBytes(32))
  const inPod = { from: victim.frontend, host: '127.0.0.1' }
  const inMesh = (from: Container) => ({ from, host: victimInMesh, shows: stolen })
  const outside = { from: outsider, host: victim.podIP, shows: stolen }
  return {
    frontend: { ...inPod, shows: stolen },
    'frontend-no-token': { ...inPod, shows: { pairing } },
    'frontend-wrong-token': { ...inPod, shows: { token: wrongToken, pairing } },
    'frontend-no-pairing': { ...inPod, shows: { token } },
    twin: { ...inMesh(twin), shows: { token: ownToken, pairing: ownPairing } },
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
