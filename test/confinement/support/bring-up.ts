// The deployment with the seccomp component, before the first test; and without it, after the last.

import { requireLocalCluster } from '../../../tools/verify/faults/support/node.ts'
import { deploy, saveDeployment } from '../../support/cluster/deployment.ts'

let putBack = async () => {}

export async function setup(): Promise<void> {
  requireLocalCluster()
  putBack = await saveDeployment(/^seccomp-profiles$/)
  await deploy({ COMPONENTS: 'seccomp' })
}

export async function teardown(): Promise<void> {
  await putBack()
}
