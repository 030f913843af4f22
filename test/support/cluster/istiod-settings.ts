// Starts istiod with other environment variables.
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { ROLLOUT_MS } from '../../../tools/verify/faults/support/timeouts.ts'

const istiod = ['deployment/istiod', '-n', 'istio-system']

/** Sets variables of istiod. Returns the function that removes them. Both wait until only the new istiod runs. */
export async function setIstiodVariables(
  variables: Record<string, string>,
): Promise<() => Promise<void>> {
  const set = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  await change(set)
  return () => change(Object.keys(variables).map((name) => `${name}-`))
}

async function change(settings: readonly string[]): Promise<void> {
  // The old istiod must not inject Pods any more.
  await kubectl(['set', 'env', ...istiod, ...settings])
  await kubectl(['rollout', 'status', ...istiod], { timeoutMs: ROLLOUT_MS })
  const pods = ['pod', '-n', 'istio-system', '-l', 'app=istiod', '-o', 'name']
  while ((await kubectl(['get', ...pods])).trim().split('\n').length > 1) {
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}
