// make undeploy: removes what `make deploy` applied, of every overlay and component. The key, its namespace and the admission
// policies that protect it stay, unless DELETE_KEY=yes.
import { resolve } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'
import { readSwitch } from '../cli/make-variables.ts'
import { runMain, say, step } from '../cli/terminal.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { exists, kubectl } from '../kube/kubectl.ts'
import { layouts, listWorkloads, overlayFolder } from '../kube/layouts.ts'
import { keySecret, namespace } from '../kube/names.ts'
import { dropRepeated, parseResources, type Resource } from '../kube/resources.ts'
import { findFormerGateways } from './apply/former-gateway.ts'
import { readAppliedComponents } from './apply/orphaned-resources.ts'
import { findKeyBringer } from './keys/external-secret-wait.ts'
import { admissionGroup } from './preflight/admission.ts'
import { restorePodSecurity, standIn } from './preflight/pod-security.ts'

const deployments = layouts.flatMap(listWorkloads)
/** What Kubernetes and Istio put into every namespace by themselves. */
const furniture =
  /^(serviceaccount\/default|configmap\/(kube-root-ca\.crt|istio-ca-root-cert|istio-ca-crl)|event.*|endpoints.*|lease.*|pod.*metrics.*)$/

await runMain(async () => {
  const deletesKey = readSwitch('DELETE_KEY')
  await step('the cluster answers', checkCluster)
  // Names and kinds are the same whatever the cluster's values are.
  const resources = await readOverlays()
  const guards = resources.filter(({ apiVersion }) => apiVersion.startsWith(admissionGroup))
  if (!(await exists(['namespace', namespace]))) {
    await step('admission policies', () => remove(guards))
    say(`nothing else to take away: there is no namespace ${namespace}`)
    return
  }
  // The Pods go first: without their policies the signer must not run for a moment.
  await step('Deployments and their Pods', removePods)
  const optional = await readAppliedComponents()
  // Before the policy that stands in for it goes: a namespace with a key in it stays guarded.
  const guarded = resources.find(({ kind }) => kind === 'Namespace')
  if (guarded !== undefined && optional.some(({ metadata }) => metadata.name === standIn)) {
    await step('Pod Security on the namespace', () => restorePodSecurity(guarded))
  }
  const isBrought = findKeyBringer(optional) !== undefined
  await step('the other resources', async () =>
    remove([
      ...resources.filter((each) => each.kind !== 'Namespace' && !guards.includes(each)),
      ...optional,
      ...(await findFormerGateways()),
    ]),
  )
  if (!deletesKey) {
    const isInSecret = !isBrought && (await exists(['secret', keySecret, '-n', namespace]))
    say(
      isInSecret
        ? `left: namespace ${namespace}, the key in its Secret ${keySecret}, and the admission policies that guard it (make undeploy DELETE_KEY=yes deletes them all)`
        : `left: namespace ${namespace}, and the admission policies that guard its key, which is in its manager (make undeploy DELETE_KEY=yes deletes them, too)`,
    )
    return
  }
  await step(`Secret ${keySecret}`, () =>
    kubectl(['delete', 'secret', keySecret, '-n', namespace, '--ignore-not-found']),
  )
  await step('admission policies', () => remove(guards))
  const left = await listLeftovers()
  if (left.length > 0) {
    say(`left: namespace ${namespace}, because of what else is in it: ${left.join(', ')}`)
    return
  }
  await step(`Namespace ${namespace}`, () =>
    kubectl(['delete', 'namespace', namespace, '--wait=true'], { timeoutMs: 120_000 }),
  )
})

/** The resources of every overlay: one that was taken away half has no Deployment to be known by. */
async function readOverlays(): Promise<Resource[]> {
  const folders = layouts.map((layout) => resolve(CHECKOUT, overlayFolder(layout)))
  const texts = await Promise.all(folders.map((folder) => kubectl(['kustomize', folder])))
  return dropRepeated(texts.flatMap(parseResources))
}

async function removePods(): Promise<void> {
  // Foreground: a Deployment is gone only when its Pods are.
  const args = ['--cascade=foreground', '--ignore-not-found', '--timeout=90s']
  await kubectl(['delete', 'deployment', ...deployments, '-n', namespace, ...args], {
    timeoutMs: 100_000,
  })
}

async function remove(resources: readonly Resource[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: resources }
  await kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: JSON.stringify(list) })
}

async function listLeftovers(): Promise<string[]> {
  const listing = await kubectl(['api-resources', '--namespaced', '--verbs=list', '-o', 'name'])
  const kinds = listing.trim().split('\n').join(',')
  const found = await kubectl(['get', kinds, '-n', namespace, '-o', 'name', '--ignore-not-found'])
  return found.split('\n').filter((name) => name !== '' && !furniture.test(name))
}
