// Explains a proxy that refuses the frontend's token.
import { tryRun } from '../../cli/exec.ts'
import { UserError } from '../../cli/terminal.ts'
import { container, namespace } from '../../kube/names.ts'

/** The frontend's words, in its answers and in its log. */
const refusal = /the proxy refuses the caller token|the signer answered 401/
export const refusedTokenTodo =
  'Run `make renew-token-keys DRY_RUN=yes`. If the policy has every key, compare the clocks of the nodes, and run `kubectl logs -n istio-system deployment/istiod | grep -i jwks`. See docs/operations.md#token-keys.'

/** `text`: an answer or a log of the frontend. */
export function isTokenRefused(text: string): boolean {
  return refusal.test(text)
}

/** Reads the last lines of the Deployment's frontends. Returns undefined if they say nothing of it, or nobody may read them. */
export async function findRefusedToken(selector: string): Promise<UserError | undefined> {
  const pods = ['-l', selector, '-c', container, '--ignore-errors', '--tail=5']
  const args = ['logs', '-n', namespace, ...pods]
  const { stdout } = await tryRun('kubectl', args, { timeoutMs: 15_000 })
  if (!isTokenRefused(stdout)) return undefined
  return new UserError(
    'the proxy refuses the caller token (401): it lacks the key that signed the token, or the issuer or the clock differs',
    refusedTokenTodo,
  )
}
