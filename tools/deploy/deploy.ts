// make deploy: checks the cluster, applies the resources, waits for the Pods, and sends one message. A second run changes
// nothing. tools/cli/make-variables.ts lists the variables.
import { join, relative } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'
import { readSwitch, readVariable } from '../cli/make-variables.ts'
import { runMain, say, step } from '../cli/terminal.ts'
import { computeImageReferences } from '../images/image-references.ts'
import { parsePlatform } from '../images/platform.ts'
import { readWantedRoute } from '../kube/gateway/public-route.ts'
import { chooseUrlToPrint, withGatewayUrl } from '../kube/gateway-url.ts'
import { deleteResources } from '../kube/kubectl.ts'
import { checkNoOtherLayout, type Layout, parseOverlay } from '../kube/layouts.ts'
import { keySecret } from '../kube/names.ts'
import { describeResource, parseResources, type Resource } from '../kube/resources.ts'
import {
  applyRendering,
  dryRun,
  ensurePrerequisites,
  listMissingPrerequisites,
} from './apply/apply.ts'
import {
  bindToFormer,
  findFormerResources,
  removeFormerResources,
} from './apply/former-resources.ts'
import {
  type FormerRoute,
  findFormerRoute,
  keepFormerRoute,
  removeFormerRoute,
} from './apply/former-route.ts'
import { checkAnalysis } from './apply/istioctl-analyze.ts'
import { findOrphanedResources, formatDeletions } from './apply/orphaned-resources.ts'
import { waitForRollout } from './apply/rollout.ts'
import { showRouteStatus } from './apply/route-status.ts'
import { waitForTerminatingPods } from './apply/terminating-pods.ts'
import { noteOtherKey } from './keys/compare-signature.ts'
import {
  checkExternalSecrets,
  findKeyExternalSecret,
  waitForExternalSecret,
} from './keys/external-secret-wait.ts'
import { ensureKey } from './keys/hmac-key.ts'
import { checkKeysInUse } from './keys/judge-keys.ts'
import { mountsKeySecret } from './keys/key-source.ts'
import { checkPoliciesInEffect } from './preflight/admission.ts'
import { requireImagePrefix } from './preflight/image-prefix.ts'
import { noteIstiodOutside } from './preflight/istiod-egress.ts'
import { noteMissingMetrics } from './preflight/metrics-api.ts'
import { findNodePlatform } from './preflight/node-platform.ts'
import { checkNodeSelectors } from './preflight/node-selector.ts'
import { checkOthers } from './preflight/other-resources.ts'
import { checkOtherWriters } from './preflight/other-writers.ts'
import { checkPermissions, listRequiredPermissions } from './preflight/permissions.ts'
import { checkPlaceholders } from './preflight/placeholders.ts'
import { inspectCluster } from './preflight/preflight.ts'
import { parsePrometheusAccount } from './preflight/prometheus-account.ts'
import { checkPrometheusOperator } from './preflight/prometheus-operator.ts'
import { noteBlockedVault } from './preflight/vault-egress.ts'
import { checkWebhooks } from './preflight/webhooks/check-webhooks.ts'
import { formatCurl, processMessage } from './process-message.ts'
import { composeClusterValues } from './render/cluster-values.ts'
import { parseComponents } from './render/components.ts'
import { composeGateway } from './render/gateway-values.ts'
import { type Rendering, renderResources } from './render/render.ts'
import { readVaultValues } from './render/vault-values.ts'

const folder = join(CHECKOUT, '.deploy')
/** Milliseconds for the first answer. Every proxy must have received the new policies by then. */
const firstAnswerMs = 60_000

type Rendered = Awaited<ReturnType<typeof renderForCluster>>
type Plan = Awaited<ReturnType<typeof prepare>>

await runMain(async () => {
  const isDry = readSwitch('DRY_RUN')
  const force = readSwitch('FORCE_CONFLICTS')
  const plan = await prepare(isDry, force).catch((error) => {
    say('nothing was changed')
    throw error
  })
  if (isDry) {
    printRenderedFiles()
    return
  }
  await apply(plan, force)
  await waitUntilReady(plan)
  await verify(plan)
})

/** Renders the resources, and runs all checks. Changes nothing but what the last check needs. */
async function prepare(isDry: boolean, force: boolean) {
  const rendered = await renderForCluster()
  const checked = await check(rendered, isDry, force)
  const created = await checkByDryRun(rendered, isDry, force || checked.isManaged)
  return { ...rendered, ...checked, created }
}

/** Reads the variables and the cluster, and renders the resources. */
async function renderForCluster() {
  const layout = parseOverlay(readVariable('OVERLAY'))
  const components = await parseComponents(readVariable('COMPONENTS'), layout)
  const vault = components.includes('vault') ? await readVaultValues() : undefined
  const findings = await inspectCluster({
    revision: readVariable('ISTIO_REVISION'),
    route: readWantedRoute(),
    tokenKeys: readVariable('TOKEN_KEYS'),
  })
  await step('no other overlay is deployed', () => checkNoOtherLayout(layout))
  const prefix = await requireImagePrefix(readVariable('IMAGE_PREFIX'), layout)
  const { platform, architecture } = await findNodePlatform(
    parsePlatform(readVariable('TARGET_PLATFORM')),
  )
  const nodeImage = readVariable('NODE_IMAGE')
  const images = await computeImageReferences({ prefix, nodeImage, platform })
  const prometheus = parsePrometheusAccount(readVariable('PROMETHEUS'))
  const values = composeClusterValues(findings, layout, prometheus)
  const gateway = composeGateway(findings.route, findings.trustDomain)
  const rendering = await step('the resources are rendered for this cluster', () =>
    renderResources({ folder, layout, values, gateway, images, components, vault, architecture }),
  )
  return { layout, findings, rendering, resources: parseResources(rendering.yaml) }
}

/** Checks what the resources need, and finds what the deployment replaces. */
async function check({ findings, rendering, resources }: Rendered, isDry: boolean, force: boolean) {
  checkPlaceholders(resources)
  const externalSecret = findKeyExternalSecret(resources)?.metadata.name
  if (externalSecret !== undefined) {
    await step(`External Secrets can write the Secret ${keySecret}`, checkExternalSecrets)
  }
  await checkPrometheusOperator(resources)
  const usesSecret = mountsKeySecret(resources)
  const former = await findFormerResources()
  const formerRoute = await findFormerRoute(resources)
  const removed = [...former, ...formerRoute.removed]
  await step('the user has all required permissions', () =>
    checkPermissions(listRequiredPermissions(resources, usesSecret, removed)),
  )
  const isManaged = await checkOtherWriters(resources, isDry || force)
  if (usesSecret) await step('the new signer accepts the keys in use', checkKeysInUse)
  await step('a node matches each node selector', () => checkNodeSelectors(resources))
  const orphaned = await findOrphanedResources(resources)
  await noteMissingMetrics(resources)
  noteBlockedVault(resources)
  noteIstiodOutside(resources, findings.controlPlane)
  await step('nothing on the cluster opens or breaks the Pods', () =>
    checkOthers(resources, findings, removed),
  )
  await step('istioctl analyze reports no problem', () =>
    checkAnalysis(rendering, 'before', findings.injector.revision, removed),
  )
  return {
    externalSecret,
    usesSecret,
    createsKey: usesSecret && externalSecret === undefined,
    former,
    formerRoute,
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
    if (created.length > 0) await deleteResources(created.toReversed())
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

function printRenderedFiles(): void {
  const path = relative(process.cwd(), folder)
  say(`nothing was changed. ${path}/ has what would be applied:`)
  for (const name of ['rendered.yaml', 'kustomization.yaml', 'cluster-values.yaml']) {
    process.stdout.write(`${join(path, name)}\n`)
  }
}

/** Applies the resources, and prints what changed. */
async function apply(
  { rendering, createsKey, former, formerRoute, orphaned, created }: Plan,
  force: boolean,
): Promise<void> {
  const isNewKey = createsKey && (await step(`the Secret ${keySecret} exists`, ensureKey))
  const transition = await keepFormerRoute(await bindToFormer(rendering, former), formerRoute)
  const applied = await step('the resources are applied', () => applyRendering(transition, force))
  const changed = [
    ...created.map(describeResource),
    ...(isNewKey ? [`Secret/${keySecret} (a new random key)`] : []),
    ...applied,
  ]
  say(changed.length === 0 ? 'unchanged' : `changed: ${changed.join(', ')}`)
  if (orphaned.length > 0) {
    say('Resources of components that you left out stay on the cluster. To remove them, run:')
    for (const command of formatDeletions(orphaned)) say(`  ${command}`)
  }
  await step('the API server rejects Pods that expose the key', checkPoliciesInEffect)
}

/** Waits for the Pods, and then removes what the resources replace. */
async function waitUntilReady({ layout, rendering, externalSecret, former }: Plan): Promise<void> {
  if (externalSecret !== undefined) {
    await step(`External Secrets provides the Secret ${keySecret}`, () =>
      waitForExternalSecret(externalSecret),
    )
  }
  await step('all Pods are ready', () => waitForRollout(layout))
  if (former.length > 0) await removeFormer(layout, rendering, former)
}

/** Removes `former`, but not before the Pods of that version are gone. */
async function removeFormer(
  layout: Layout,
  rendering: Rendering,
  former: readonly Resource[],
): Promise<void> {
  const names = former.map(describeResource).join(', ')
  const pods = await step('waited for Pods of the version before', () =>
    waitForTerminatingPods(layout),
  )
  if (pods.length > 0) {
    say(`  note  ${names} stays, because ${pods.join(', ')} still terminates.`)
    say('        When the Pod is gone, run `make deploy` again to remove it.')
    return
  }
  await step(`${names} of the version before is removed`, () =>
    removeFormerResources(rendering, former),
  )
}

/** Sends a message, removes the former route, checks the deployment, and prints a command that sends a message. */
async function verify({
  rendering,
  findings,
  formerRoute,
  resources,
  usesSecret,
}: Plan): Promise<void> {
  const { route, injector } = findings
  await showRouteStatus(route)
  const ca = readVariable('GATEWAY_CACERT')
  const { curl, prerequisite } = await withGatewayUrl(
    route,
    readVariable('GATEWAY_URL'),
    async (gatewayUrl) => {
      if (route.entry.needsClientCertificate) {
        say('  skip  a message through the gateway, which requires a client certificate')
      } else {
        const answer = await step('a message was signed through the gateway', () =>
          processMessage(gatewayUrl, 'hello', { waitMs: firstAnswerMs, ca }),
        )
        if (usesSecret) await noteOtherKey(answer)
      }
      return {
        curl: formatCurl(chooseUrlToPrint(gatewayUrl), ca),
        prerequisite: gatewayUrl.prerequisite,
      }
    },
  )
  await finishRoute(rendering, formerRoute)
  await step('nothing on the cluster opens or breaks the Pods after the deployment', () =>
    checkOthers(resources, findings),
  )
  await step('istioctl analyze reports no problem after the deployment', () =>
    checkAnalysis(rendering, 'after', injector.revision),
  )
  if (prerequisite !== undefined) say(`Run this in another terminal: ${prerequisite}`)
  process.stdout.write(`${curl}\n`)
}

/** Leaves only the new route. Its gateway has just answered. */
async function finishRoute(rendering: Rendering, former: FormerRoute): Promise<void> {
  const names = former.removed.map(describeResource)
  if (names.length === 0) return removeFormerRoute(rendering, former)
  await step(`${names.join(', ')} of the route before is removed`, () =>
    removeFormerRoute(rendering, former),
  )
}
