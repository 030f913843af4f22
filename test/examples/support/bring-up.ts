// Deploys the examples beside our own application before the first test, and removes them after the last.
import { requireLocalCluster } from '../../../tools/verify/faults/support/node.ts'
import { runProgram } from './applications.ts'
import { startUnrelated, stopUnrelated } from './unrelated.ts'

/** Only the signers get it. The files on the nodes are for all applications. */
export const componentsInUse = 'seccomp'

const variables = { COMPONENTS: componentsInUse }

export async function setup(): Promise<void> {
  requireLocalCluster()
  await startUnrelated()
  for (const name of ['flask', 'go'] as const) {
    await runProgram('tools/deploy/deploy.ts', name, variables)
  }
}

export async function teardown(): Promise<void> {
  for (const name of ['flask', 'go'] as const) {
    await runProgram('tools/deploy/undeploy.ts', name, { DELETE_KEY: 'yes' })
  }
  await stopUnrelated()
}
