// Caller tokens of others, and tokens signed with the local cluster's own key.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from 'jose'
import { readVariable } from '../../cli/make-variables.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { namespace } from '../../kube/names.ts'
import { KUBECONFIG, PKI } from '../../local-cluster/paths.ts'

/** True for the local cluster. Tests have its signing key, and may change its settings. */
export const isLocalCluster = readVariable('KUBECONFIG') === KUBECONFIG

/** Has the API server issue a token for `account` with `audience`. The default audience is the API server. */
export async function issueToken(
  account: string,
  audience?: string,
  where = namespace,
): Promise<string> {
  const args = ['create', 'token', account, '-n', where, '--duration=10m']
  return (await kubectl(audience === undefined ? args : [...args, '--audience', audience])).trim()
}

/** What `good` says, good for so many seconds from now, signed with the cluster's key; negative: it has expired. */
export async function issueShortLived(good: string, seconds: number): Promise<string> {
  return signLike(good, { exp: Math.floor(Date.now() / 1_000) + seconds }, await readClusterKey())
}

/** A token that says what `good` says but for `change`, under the same kid or another. */
export function signLike(
  good: string,
  change: JWTPayload,
  key: KeyObject,
  kid = String(decodeProtectedHeader(good).kid),
): Promise<string> {
  return new SignJWT({ ...decodeJwt(good), ...change })
    .setProtectedHeader({ alg: 'RS256', kid })
    .sign(key)
}

export async function readClusterKey(): Promise<KeyObject> {
  return createPrivateKey(await readFile(join(PKI, 'service-account.key')))
}
