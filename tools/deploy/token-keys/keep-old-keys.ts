// Keeps token keys that the API server no longer publishes while tokens of them may live. Each gets the time after which none
// does, in the field `exp`.
import { listMissing, type TokenKey } from '../../kube/key-set.ts'

/** How long a caller token lives: `expirationSeconds` in k8s/components/signer/istio/behind-proxy-patch.yaml. */
export const tokenLifetimeSeconds = 7_200

/** Returns the keys that the API server publishes, and those of `deployed` that tokens may still need. */
export function keepOldKeys(
  published: readonly TokenKey[],
  deployed: readonly TokenKey[],
  nowMs = Date.now(),
): TokenKey[] {
  const now = Math.floor(nowMs / 1_000)
  const old = listMissing(deployed, published)
    .map((key) => ({ ...key, exp: key.exp ?? now + tokenLifetimeSeconds }))
    .filter(({ exp }) => exp > now)
  return [...published, ...old]
}
