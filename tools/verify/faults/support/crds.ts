// Installs CustomResourceDefinitions for the time of a test.
import { kubectl } from '../../../kube/kubectl.ts'

/** Installs the CRDs in `files`. Returns the function that removes them, with all their resources. */
export async function installCrds(files: readonly string[]): Promise<() => Promise<void>> {
  const args = files.flatMap((file) => ['-f', file])
  // Server-side, because large CRDs exceed the limit of a client-side annotation. Existing CRDs stay.
  await kubectl(['apply', '--server-side', ...args])
  await kubectl(['wait', '--for=condition=established', ...args, '--timeout=30s'])
  return async () => {
    await kubectl(['delete', ...args, '--ignore-not-found', '--wait'])
  }
}
