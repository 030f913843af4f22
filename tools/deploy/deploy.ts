// make deploy: checks the cluster, renders and applies the resources, waits for the Pods, and sends one message. A second
// run changes nothing. tools/cli/make-variables.ts lists the variables.
import { join, relative } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'
import { readSwitch, readVariable } from '../cli/make-variables.ts'
import { runMain, say, step } from '../cli/terminal.ts'
import { computeImageReferences } from '../images/image-references.ts'
import { urlForPeople, withGatewayUrl } from '../kube/gateway-url.ts'
import { checkNoOther, parseOverlay } from '../kube/layouts.ts'
import { keySecret } from '../kube/names.ts'
import { describeResource, parseResources } from '../kube/resources.ts'
import {
  applyRendering,
  dryRun,
  ensureNamespaces,
  listMissingNamespaces,
  removeNamespaces,
} from './apply/apply.ts'
import { bindToFormer, findFormerGateways, removeFormerGateways } from './apply/former-gateway.ts'
import { checkAnalysis } from './apply/istioctl-analyze.ts'
import { findLeftovers, formatDeletions } from './apply/orphaned-resources.ts'
import { waitForRollout } from './apply/rollout.ts'
import { checkKeyBringer, findKeyBringer, waitForKey } from './keys/external-secret-wait.ts'
import { ensureKey } from './keys/hmac-key.ts'
import { takesKeyFromSecret } from './keys/key-source.ts'
import { checkPoliciesHold } from './preflight/admission.ts'
import { noteMissingMetrics } from './preflight/autoscaler.ts'
import { requirePrefix } from './preflight/image-prefix.ts'
import { checkNodeSelectors } from './preflight/node-selector.ts'
import { requireFilledIn } from './preflight/placeholders.ts'
import { inspectCluster } from './preflight/preflight.ts'
import { parsePrometheusAccount } from './preflight/prometheus-account.ts'
import { checkPrometheusOperator } from './preflight/prometheus-operator.ts'
import { checkRights, listNeededRights } from './preflight/rights.ts'
import { noteVaultIsCutOff } from './preflight/vault-egress.ts'
import { formatCurl, processMessage } from './process-message.ts'
import { composeClusterValues } from './render/cluster-values.ts'
import { parseComponents } from './render/components.ts'
import { renderResources } from './render/render.ts'
import { readVaultValues } from './render/vault-values.ts'

const folder = join(CHECKOUT, '.deploy')
/** Milliseconds until the last proxy has heard of new policies, with a wide margin. */
const firstAnswerMs = 60_000

await runMain(async () => {
  const isDry = readSwitch('DRY_RUN')
  const force = readSwitch('FORCE_CONFLICTS')
  const { layout, findings, rendering, bringer, makesKey, former, leftovers, madeNamespaces } =
    await prepare(isDry, force).catch((error) => {
      say('nothing was changed')
      throw error
    })
  if (isDry) {
    say(`nothing was changed; in ${relative(process.cwd(), folder)}/ is what would be applied:`)
    for (const name of ['rendered.yaml', 'kustomization.yaml', 'cluster-values.yaml']) {
      process.stdout.write(`${relative(process.cwd(), join(folder, name))}\n`)
    }
    return
  }
  const madeKey = makesKey && (await step(`Secret ${keySecret}`, ensureKey))
  const transition = await bindToFormer(rendering, former)
  const changed = await step('applied', () => applyRendering(transition, force))
  if (madeKey) changed.unshift(`Secret/${keySecret} (a new random key)`)
  changed.unshift(...madeNamespaces.map((name) => `Namespace/${name}`))
  say(changed.length === 0 ? 'unchanged' : `changed: ${changed.join(', ')}`)
  if (leftovers.length > 0) {
    say('left from an earlier deployment, until make undeploy takes it away with the rest, or:')
    for (const command of formatDeletions(leftovers)) say(`  ${command}`)
  }
  await step('the API server refuses whoever else would mount the key', checkPoliciesHold)
  if (bringer !== undefined) {
    await step(`External Secrets has brought the Secret ${keySecret}`, () => waitForKey(bringer))
  }
  await step('the Pods are ready', () => waitForRollout(layout))
  if (former.length > 0) {
    const names = former.map(describeResource).join(', ')
    await step(`${names} of version 0.1 removed`, () => removeFormerGateways(rendering, former))
  }
  await step('istioctl analyze has no objection to what is there now', () =>
    checkAnalysis(rendering, 'after', findings.injector.revision),
  )
  await withGatewayUrl(findings.gateway, readVariable('GATEWAY_URL'), async (gatewayUrl) => {
    await step('a message was signed through the ingress gateway', () =>
      processMessage(gatewayUrl.url, 'hello', firstAnswerMs),
    )
    if (gatewayUrl.prerequisite !== undefined) {
      say(`in another terminal: ${gatewayUrl.prerequisite}`)
    }
    process.stdout.write(`${formatCurl(urlForPeople(gatewayUrl))}\n`)
  })
})

/** Runs all checks. Unless `isDry`, the namespace is made, and removed again if the last check fails. */
async function prepare(isDry: boolean, force: boolean) {
  const layout = parseOverlay(readVariable('OVERLAY'))
  const components = await parseComponents(readVariable('COMPONENTS'), layout)
  const vault = components.includes('vault') ? await readVaultValues() : undefined
  const findings = await inspectCluster({
    revision: readVariable('ISTIO_REVISION'),
    gatewaySelector: readVariable('GATEWAY_SELECTOR'),
  })
  await step('no other overlay is deployed', () => checkNoOther(layout))
  const prefix = await requirePrefix(readVariable('IMAGE_PREFIX'), layout)
  const images = await computeImageReferences({ prefix, nodeImage: readVariable('NODE_IMAGE') })
  const values = composeClusterValues(
    findings,
    layout,
    parsePrometheusAccount(readVariable('PROMETHEUS')),
  )
  const rendering = await step('resources rendered for this cluster', () =>
    renderResources({ folder, layout, values, images, components, vault }),
  )
  const resources = parseResources(rendering.yaml)
  requireFilledIn(resources)
  const bringer = findKeyBringer(resources)?.metadata.name
  if (bringer !== undefined) {
    await step('External Secrets is there to bring the key', checkKeyBringer)
  }
  await checkPrometheusOperator(resources)
  const fromSecret = takesKeyFromSecret(resources)
  const former = await findFormerGateways()
  await step('the user has every right that is needed', () =>
    checkRights(listNeededRights(resources, fromSecret, former)),
  )
  await step('there are nodes for the Pods', () => checkNodeSelectors(resources))
  const leftovers = await findLeftovers(resources)
  await noteMissingMetrics(resources)
  noteVaultIsCutOff(resources)
  await step('istioctl analyze has no objection', () =>
    checkAnalysis(rendering, 'before', findings.injector.revision, former),
  )
  const missing = isDry ? await listMissingNamespaces(rendering) : []
  const madeNamespaces = isDry ? [] : await ensureNamespaces(rendering)
  if (missing.length > 0) {
    const names = missing.map(({ metadata }) => metadata.name).join(', ')
    say(`  skip  the API server takes it: it judges nothing without the namespace ${names}`)
  } else {
    await step('the API server takes it (dry run)', () =>
      dryRun(rendering, force).catch(async (error) => {
        await removeNamespaces(madeNamespaces)
        throw error
      }),
    )
  }
  const makesKey = fromSecret && bringer === undefined
  return { layout, findings, rendering, bringer, makesKey, former, leftovers, madeNamespaces }
}
