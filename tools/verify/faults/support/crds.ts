// Kinds that an API server does not know by itself, for as long as a test takes.
import { kubectl } from '../../../kube/kubectl.ts'

/** Has the API server know the kinds in `files`. Returns what has it forget them again, and all of them. */
export async function installCrds(files: readonly string[]): Promise<() => Promise<void>> {
  const args = files.flatMap((file) => ['-f', file])
  // What an interrupted run has left stays; and by the server, for large ones have no room for what a client would remember.
  await kubectl(['apply', '--server-side', ...args])
  await kubectl(['wait', '--for=condition=established', ...args, '--timeout=30s'])
  return async () => {
    await kubectl(['delete', ...args, '--ignore-not-found', '--wait'])
  }
}
