// Deploys the examples beside our own application before the first test, and removes them after the last.
import type { TestProject } from 'vitest/node'
import { provideExampleImage } from '../../../tools/local-cluster/images/example-images.ts'
import { requireLocalCluster } from '../../../tools/verify/faults/support/node.ts'
import { runProgram } from './applications.ts'
import { findUnrelated, readNamespaceLabels, startUnrelated, stopUnrelated } from './unrelated.ts'
import { identify } from './workloads.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The other workload of the shared namespace, and the labels of the namespace, before the deployment. */
    unrelatedBefore: { pod: unknown; labels: Record<string, string> }
  }
}

/** Only the signers get it. The files on the nodes are for all applications. */
export const componentsInUse = 'seccomp'

export async function setup({ provide }: TestProject): Promise<void> {
  requireLocalCluster()
  for (const name of ['flask', 'go'] as const) await provideExampleImage(name)
  await startUnrelated()
  const pod = identify(await findUnrelated())
  provide('unrelatedBefore', { pod, labels: await readNamespaceLabels() })
  for (const name of ['flask', 'go'] as const) {
    await runProgram('tools/deploy/deploy.ts', name, { COMPONENTS: componentsInUse })
  }
}

export async function teardown(): Promise<void> {
  for (const name of ['flask', 'go'] as const) {
    await runProgram('tools/deploy/undeploy.ts', name, { DELETE_KEY: 'yes' })
  }
  await stopUnrelated()
}
