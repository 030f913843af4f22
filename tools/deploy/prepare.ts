// The first half of make deploy: renders the resources for the cluster, and runs every check before anything changes.
import { join } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'
import { readVariable } from '../cli/make-variables.ts'
import { say, step } from '../cli/terminal.ts'
import { computeImageReferences } from '../images/image-references.ts'
import { joinPlatforms, parsePlatforms } from '../images/platform.ts'
import { application, readSetting } from '../kube/application.ts'
import { deleteResources } from '../kube/deletion/delete-resources.ts'
import { readExisting } from '../kube/existing-resources.ts'
import { readWantedRoute } from '../kube/gateway/public-route.ts'
import { checkNoOtherLayout, parseOverlay } from '../kube/layouts.ts'
import { keySecret } from '../kube/names.ts'
import { describeResource, parseResources, type Resource } from '../kube/resources.ts'
import { renderApplication } from './application/render-application.ts'
import { dryRun, ensurePrerequisites, listMissingPrerequisites } from './apply/apply.ts'
import { findFormerResources } from './apply/former-resources.ts'
import { findFormerRoute } from './apply/former-route.ts'
import { checkAnalysis } from './apply/istioctl-analyze.ts'
import { findOrphanedResources } from './apply/orphaned-resources.ts'
import { checkExternalSecrets, findKeyExternalSecret } from './keys/external-secret-wait.ts'
import { readVersion } from './keys/external-secrets-kinds.ts'
import { checkKeysInUse } from './keys/judge-keys.ts'
import { mountsKeySecret } from './keys/key-source.ts'
import { checkDeletions } from './preflight/deletions.ts'
import { requireImagePrefix } from './preflight/image-prefix.ts'
import { noteIstiodOutside } from './preflight/istiod-egress.ts'
import { noteMissingMetrics } from './preflight/metrics-api.ts'
import { noteMissingLimits } from './preflight/missing-limits.ts'
import { checkNamespaceUse } from './preflight/namespace-use.ts'
import { findNodePlatform } from './preflight/node-platform.ts'
import { checkNodeSelectors } from './preflight/node-selector.ts'
import { checkOthers } from './preflight/other-resources.ts'
import { checkOtherWriters } from './preflight/other-writers.ts'
import { checkPermissions, listRequiredPermissions } from './preflight/permissions.ts'
import { checkPlaceholders } from './preflight/placeholders.ts'
import { inspectCluster } from './preflight/preflight.ts'
import { parsePrometheusAccount } from './preflight/prometheus-account.ts'
import { checkPrometheusOperator } from './preflight/prometheus-operator.ts'
import { noteUnusedSettings } from './preflight/unused-settings.ts'
import { noteBlockedVault } from './preflight/vault-egress.ts'
import { checkWebhooks } from './preflight/webhooks/check-webhooks.ts'
import { composeCluster } from './render/cluster.ts'
import { readComponents } from './render/components.ts'
import { renderResources } from './render/render.ts'
import { readVaultValues } from './render/vault-values.ts'

/** What `make deploy` writes. */
export const deployFolder = join(
  CHECKOUT,
  application.isOurs ? '.deploy' : `.deploy/${application.namespace}`,
)

type Rendered = Awaited<ReturnType<typeof renderForCluster>>
export type Plan = Awaited<ReturnType<typeof prepare>>

/** Renders the resources, and runs all checks. Changes nothing but what the last check needs. */
export async function prepare(isDry: boolean, force: boolean) {
  const rendered = await renderForCluster()
  const checked = await check(rendered, isDry, force)
  const created = await checkByDryRun(rendered, isDry, force || checked.isManaged)
  return { ...rendered, ...checked, created }
}

/** Reads the variables and the cluster, and renders the resources. */
async function renderForCluster() {
  const layout = parseOverlay(readSetting('OVERLAY'))
  const components = await readComponents(layout)
  const vault = components.includes('vault') ? await readVaultValues() : undefined
  noteUnusedSettings(layout)
  const attached = await step('the signer fits the application', () =>
    renderApplication(application, {
      ...{ folder: join(deployFolder, 'application'), layout, components },
    }),
  )
  for (const each of attached.notes) say(`  note  ${each}`)
  const mesh = await inspectCluster(layout, {
    revision: readVariable('ISTIO_REVISION'),
    route: readWantedRoute(),
    tokenKeys: readVariable('TOKEN_KEYS'),
  })
  await step('no other overlay is deployed', () => checkNoOtherLayout(layout))
  const prefix = await requireImagePrefix(readSetting('IMAGE_PREFIX'), layout)
  const { platform, architecture } = await findNodePlatform(
    joinPlatforms(parsePlatforms(readVariable('TARGET_PLATFORM'))),
  )
  const nodeImage = readVariable('NODE_IMAGE')
  const images = await computeImageReferences({ prefix, nodeImage, platform })
  const prometheus = parsePrometheusAccount(readVariable('PROMETHEUS'))
  const cluster = mesh && composeCluster(mesh, layout, prometheus)
  const rendering = await step('the resources are rendered for this cluster', () =>
    renderResources({
      folder: deployFolder,
      layout,
      application: attached,
      cluster,
      images,
      components,
      vault,
      architecture,
    }),
  )
  const { replaced } = attached
  return { layout, mesh, rendering, replaced, resources: parseResources(rendering.yaml) }
}

/** Checks what the resources need, and finds what the deployment replaces. */
async function check(
  { mesh, rendering, resources, replaced: merged }: Rendered,
  isDry: boolean,
  force: boolean,
) {
  await step('nothing else in the namespace is changed', () => checkNamespaceUse(resources))
  checkPlaceholders(resources)
  const externalSecret = findKeyExternalSecret(resources)?.metadata.name
  if (externalSecret !== undefined) {
    const version = await readVersion()
    await step(`External Secrets${version} can write the Secret ${keySecret}`, () =>
      checkExternalSecrets(resources),
    )
  }
  await checkPrometheusOperator(resources)
  const usesSecret = mountsKeySecret(resources)
  const former = await findFormerResources(resources)
  const formerRoute = await findFormerRoute(resources)
  const replaced = await readExisting(merged)
  const removed = [...former, ...formerRoute.removed, ...replaced]
  await step('the user has all required permissions', () =>
    checkPermissions(listRequiredPermissions(resources, usesSecret, removed)),
  )
  const existing = await step('the managers of the resources are found', () =>
    readExisting([...resources, ...replaced]),
  )
  const orphaned = await findOrphanedResources(resources)
  // Also without the component: the Secret with the key goes with its ExternalSecret.
  const owner = findKeyExternalSecret(orphaned)
  await checkDeletions([...existing, ...(owner === undefined ? [] : [owner])])
  const isManaged = checkOtherWriters(existing, isDry || force)
  if (usesSecret) await step('the new signer accepts the keys in use', checkKeysInUse)
  await step('a node matches each node selector', () => checkNodeSelectors(resources))
  await noteMissingMetrics(resources)
  noteMissingLimits(resources)
  noteBlockedVault(resources)
  if (mesh !== undefined) {
    noteIstiodOutside(resources, mesh.controlPlane)
    await step('nothing on the cluster opens or breaks the Pods', () =>
      checkOthers(resources, mesh, removed),
    )
    await step('istioctl analyze reports no problem', () =>
      checkAnalysis(rendering, 'before', mesh.injector.revision, removed),
    )
  }
  return {
    externalSecret,
    usesSecret,
    createsKey: usesSecret && externalSecret === undefined,
    former,
    formerRoute,
    replaced,
    orphaned,
    isManaged,
  }
}

/**
 * Has the API server validate the resources, and admit a Pod of each Deployment. Creates their namespaces and ServiceAccounts
 * for it, and removes them again if it refuses one.
 */
async function checkByDryRun({ rendering, resources }: Rendered, isDry: boolean, force: boolean) {
  const missing = isDry ? await listMissingPrerequisites(rendering) : []
  const created = isDry ? [] : await ensurePrerequisites(rendering)
  try {
    await stepWithout(isNamespace, 'the API server accepts the resources (dry run)', () =>
      dryRun(rendering, force),
    )
    await stepWithout(
      () => true,
      'webhooks leave the Pods as they must be (dry run)',
      () => checkWebhooks(resources),
    )
  } catch (error) {
    // The reason of the refusal is what the user needs.
    await deleteResources(created.toReversed(), { again: 'make deploy' }).catch((failed: Error) =>
      say(`  note  ${failed.message}`),
    )
    throw error
  }
  return created

  /** Skips the step if it needs one of the missing resources. */
  async function stepWithout(
    needs: (resource: Resource) => boolean,
    title: string,
    work: () => Promise<void>,
  ) {
    const absent = missing.filter(needs).map(describeResource)
    if (absent.length === 0) await step(title, work)
    else say(`  skip  ${title}: it needs ${absent.join(', ')}`)
  }
}

function isNamespace({ kind }: Resource): boolean {
  return kind === 'Namespace'
}
