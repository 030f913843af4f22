// The attackers' Pods of the policy tests. vitest starts them before the first test and removes them after the last one.
import { bringUp, nameAttackPods, takeAway } from '../../../tools/verify/attack/attack-pods.ts'
import { findTarget } from '../../../tools/verify/attack/target.ts'

export const pods = nameAttackPods('test', '192.0.2.66')

export const {
  otherAccountPod,
  sameAccountPod,
  otherNamespacePod,
  nonMeshPod,
  targetInMesh: TARGET_IN_MESH,
} = pods
export const SIGNER_IN_MESH = { host: TARGET_IN_MESH, port: 8081 }

/** vitest's globalSetup. Tests call it again after they have replaced the target's Pod. */
export async function setup(): Promise<void> {
  await bringUp(pods, await findTarget())
}

/** vitest calls it after the last test. */
export async function teardown(): Promise<void> {
  await takeAway(pods)
}
