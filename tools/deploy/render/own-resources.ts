// What `make deploy` may have applied for the application, in any layout. Only kinds and names count, so the values are those of
// any cluster.
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultFindings } from '../../analyze/default-findings.ts'
import { application } from '../../kube/application.ts'
import { type Layout, layouts } from '../../kube/layouts.ts'
import { parseResources, type Resource, removeDuplicates } from '../../kube/resources.ts'
import { renderApplication } from '../application/render-application.ts'
import { parsePrometheusAccount } from '../preflight/prometheus-account.ts'
import { composeCluster } from './cluster.ts'
import { renderResources } from './render.ts'

/** Its figures need the component limits, which adds no resource. */
const described = { ...application, limits: undefined }

/** The default is all layouts, because a partly removed one has no Deployment to identify it. Leaves out the optional components. */
export async function renderOwnResources(which: readonly Layout[] = layouts): Promise<Resource[]> {
  const prometheus = parsePrometheusAccount(undefined)
  await using folder = await mkdtempDisposable(join(tmpdir(), 'own-resources-'))
  const texts = await Promise.all(
    which.map(async (layout) => {
      const own = join(folder.path, layout.overlay)
      const { yaml } = await renderResources({
        ...{ folder: own, layout, images: [] },
        cluster: layout.isMeshed ? composeCluster(defaultFindings, layout, prometheus) : undefined,
        application: await renderApplication(described, {
          ...{ folder: join(own, 'application'), layout, components: [] },
        }),
      })
      return yaml
    }),
  )
  return removeDuplicates(texts.flatMap(parseResources))
}
