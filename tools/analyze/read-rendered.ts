// Renders what make deploy would apply, with the source of each resource.
import { join, resolve } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'
import { readVariable } from '../cli/make-variables.ts'
import { renderApplication } from '../deploy/application/render-application.ts'
import { findNodePlatform } from '../deploy/preflight/node-platform.ts'
import type { InspectedMesh } from '../deploy/preflight/preflight.ts'
import { parsePrometheusAccount } from '../deploy/preflight/prometheus-account.ts'
import { composeCluster } from '../deploy/render/cluster.ts'
import { renderResources } from '../deploy/render/render.ts'
import { readVaultValues } from '../deploy/render/vault-values.ts'
import { computeImageReferences } from '../images/image-references.ts'
import { joinPlatforms, parsePlatforms } from '../images/platform.ts'
import { application, readSetting } from '../kube/application.ts'
import { type Layout, overlayFolder } from '../kube/layouts.ts'
import { defaultFindings } from './default-findings.ts'
import { takeOrigins } from './source/kustomized.ts'
import type { Subject } from './subject.ts'

/** `mesh`: undefined without the cluster, whose usual values then stand in. `isLive`: for the platform of the cluster's nodes. */
export async function readRendered(input: {
  layout: Layout
  components: readonly string[]
  mesh: InspectedMesh | undefined
  /** It writes there. */
  folder: string
  isLive: boolean
}): Promise<Subject> {
  const { layout, components, mesh, folder, isLive } = input
  const wanted = joinPlatforms(parsePlatforms(readVariable('TARGET_PLATFORM')))
  const { platform, architecture } = isLive
    ? await findNodePlatform(wanted)
    : { platform: wanted, architecture: undefined }
  const images = await computeImageReferences({
    prefix: readSetting('IMAGE_PREFIX'),
    nodeImage: readVariable('NODE_IMAGE'),
    platform,
  })
  const prometheus = parsePrometheusAccount(readVariable('PROMETHEUS'))
  const { yaml } = await renderResources({
    ...{ folder, layout, images, components, architecture },
    application: await renderApplication(application, {
      ...{ folder: join(folder, 'application'), layout, components },
    }),
    cluster: layout.isMeshed
      ? composeCluster(mesh ?? defaultFindings, layout, prometheus)
      : undefined,
    vault: components.includes('vault') ? await readVaultValues() : undefined,
    origins: true,
  })
  return takeOrigins(yaml, folder, resolve(CHECKOUT, overlayFolder(layout), 'kustomization.yaml'))
}
