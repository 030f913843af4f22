// The deployment with the seccomp component, before the first test; and without it, after the last.

import { deploy, removeAdded } from '../../faults/support/deployed.ts'
import { requireLocalCluster } from '../../faults/support/node.ts'

/** vitest's globalSetup. Throws UserError without the local cluster. */
export async function setup(): Promise<void> {
  requireLocalCluster()
  await deploy({ COMPONENTS: 'seccomp' })
}

/** And this in the end. */
export async function teardown(): Promise<void> {
  await deploy({ COMPONENTS: '' })
  await removeAdded(({ metadata }) => metadata.name === 'seccomp-profiles')
}
