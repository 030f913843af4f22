// Our own application as `make deploy` renders it.
import { join } from 'node:path'
import { CHECKOUT } from '../../cli/checkout.ts'
import { readApplication } from '../../kube/application.ts'
import { composeApplicationValues } from './application-values.ts'
import type { RenderedApplication } from './render.ts'

const folder = 'k8s/frontend'

/** `usesVault`: the component vault is among the components. */
export function composeOwnApplication(usesVault = false): RenderedApplication {
  const own = readApplication(join(CHECKOUT, folder, 'signing.yaml'))
  return {
    resources: [folder],
    components: [`${folder}/through-proxy`],
    values: composeApplicationValues(own, own.port, usesVault),
    sharedNamespace: own.sharedNamespace,
  }
}
