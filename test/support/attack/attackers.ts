// The policy tests' attackers: there before the first test, gone after the last. Without a deployment there is nothing to
// attack: then it says what to do.
import { bringUp, nameAttackPods, takeAway } from '../../../tools/verify/attack/attack-pods.ts'
import { findVictim } from '../../../tools/verify/attack/victim.ts'

export const pods = nameAttackPods('test', '192.0.2.66')

export const { lookAlike, twin, stranger, outsider, victimInMesh: VICTIM_IN_MESH } = pods
export const SIGNER_IN_MESH = { host: VICTIM_IN_MESH, port: 8081 }

/** vitest's globalSetup; also after the victim's Pod was replaced by another. */
export async function setup(): Promise<void> {
  await bringUp(pods, await findVictim())
}

/** vitest's globalSetup, too. */
export async function teardown(): Promise<void> {
  await takeAway(pods)
}
