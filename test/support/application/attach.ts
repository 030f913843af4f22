// Attaches the signer to an application as `make deploy` does, without a cluster.
import { renderApplication } from '../../../tools/deploy/application/render-application.ts'
import { onePod } from '../../../tools/kube/layouts.ts'
import { makeFolder } from '../folder.ts'
import { writeApplication } from './application.ts'

export async function attachSignerTo(
  resources: readonly object[],
  changes: Record<string, unknown> = {},
  layout = onePod,
) {
  const application = await writeApplication(resources, changes)
  return renderApplication(application, { folder: await makeFolder(), layout, components: [] })
}
