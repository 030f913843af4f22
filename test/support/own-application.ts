// Our own application as `make deploy` renders it, without reading its manifests. A test compares it with what make deploy reads.
import { join } from 'node:path'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { wayOf } from '../../tools/deploy/application/attach-patch.ts'
import { composeApplicationValues } from '../../tools/deploy/render/application-values.ts'
import type { RenderedApplication } from '../../tools/deploy/render/render.ts'
import { readApplication } from '../../tools/kube/application.ts'
import type { Layout } from '../../tools/kube/layouts.ts'

const folder = 'k8s/frontend'
/** An application without a route, DestinationRule or Sidecar of its own. */
export const nothingOfItsOwn = {
  ...{ hasOwnRoutes: false, hasOwnDestinationRule: false },
  ...{ sidecarOperations: [], replaced: [], notes: [] },
}

/** `usesVault`: the component vault is among the components. */
export function composeOwnApplication(layout: Layout, usesVault = false): RenderedApplication {
  const own = readApplication(join(CHECKOUT, folder, 'signing.yaml'))
  return {
    resources: [folder],
    components: [`${folder}/${wayOf(layout)}`],
    values: composeApplicationValues(own, own.port, usesVault),
    sharedNamespace: own.sharedNamespace,
    ...nothingOfItsOwn,
  }
}
