// The Pods that the policy tests attack from.
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

/** Vitest calls this before the tests. A test calls it after it has replaced the Pod. */
export async function setup(): Promise<void> {
  await bringUp(pods, await findTarget())
}

export async function teardown(): Promise<void> {
  await takeAway(pods)
}
