// make undeploy: removes what `make deploy` applied for the application, of all overlays and components. The key, its namespace and
// the admission policies that protect it stay, unless DELETE_KEY=yes. What other applications use stays.
import { setTimeout as sleep } from 'node:timers/promises'
import { readSwitch } from '../cli/make-variables.ts'
import { atPace } from '../cli/pace.ts'
import { runMain, say, step } from '../cli/terminal.ts'
import { deleteMark, readMarkIfAllowed } from '../incident/freeze/marker.ts'
import { application } from '../kube/application.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { deleteResources } from '../kube/deletion/delete-resources.ts'
import { readRemaining } from '../kube/deletion/remaining.ts'
import { RemainingError } from '../kube/deletion/remaining-error.ts'
import { readExisting } from '../kube/existing-resources.ts'
import { findApplied, type OwnedResource } from '../kube/field-owners.ts'
import { exists, kubectl, listApiVersions } from '../kube/kubectl.ts'
import { keySecret, namespace } from '../kube/names.ts'
import { describeResource, type Resource } from '../kube/resources.ts'
import { listSome } from '../kube/writers/writers.ts'
import { findFormerResources } from './apply/former-resources.ts'
import { routeResources } from './apply/former-route.ts'
import { readApplied, readAppliedComponents } from './apply/orphaned-resources.ts'
import { podSecurityReplacement, restorePodSecurity } from './apply/pod-security.ts'
import { splitShared } from './apply/shared-resources.ts'
import { findKeyExternalSecret } from './keys/external-secret-wait.ts'
import { admissionGroup } from './preflight/admission.ts'
import { checkNotManaged, describeManaged, findManaged } from './preflight/other-writers.ts'
import { checkPermissions, listPermissions } from './preflight/permissions.ts'
import { renderOwnResources } from './render/own-resources.ts'
import { removePods } from './undeploy/remove-pods.ts'
import { attempt, mayComeBack, ofNamespace, sayWhatStays } from './undeploy/what-stays.ts'

const secret: Resource = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: keySecret, namespace },
}
/** What an application may have among its manifests, and what nobody can bring back. */
const dataKinds = ['PersistentVolumeClaim', 'PersistentVolume', 'CustomResourceDefinition']
/** Time for a controller to write the Secret again. */
const comeBackMs = 2_000
const partOf = 'app.kubernetes.io/part-of'
/** The resources that Kubernetes and Istio create in each namespace. */
const automatic =
  /^(serviceaccount\/default|configmap\/(kube-root-ca\.crt|istio-ca-root-cert|istio-ca-crl)|event.*|endpoints.*|lease.*|pod.*metrics.*)$/

await runMain(async () => {
  const deletesKey = readSwitch('DELETE_KEY')
  const force = readSwitch('FORCE_CONFLICTS')
  await step('the cluster answers', checkCluster)
  const resources = await readOwn()
  const policies = resources.filter(({ apiVersion }) => apiVersion.startsWith(admissionGroup))
  if (!(await exists(['namespace', namespace]))) {
    await checkRights(policies)
    if (!force) await checkNothingManaged(policies)
    await step('the admission policies are removed', () => deleteResources(policies))
    say(`There is no namespace ${namespace}, so nothing else is left to remove.`)
    return
  }
  const { own, shared, reason } = await splitShared(await readAppliedComponents())
  // In a shared namespace, a policy of a component is among those that protect the key.
  const ofKey = policies.map(describeResource)
  const optional = own.filter((each) => !ofKey.includes(describeResource(each)))
  if (reason !== undefined) {
    const names = shared.map(describeResource).join(', ')
    say(`  note  ${names} stays, because ${reason}`)
  }
  const isFromManager = findKeyExternalSecret(optional) !== undefined
  const secured = resources.find(({ kind }) => kind === 'Namespace')
  const withKey = isFromManager ? policies : [secret, ...policies]
  const alone = deletesKey ? withKey : []
  const ofOverlays = resources.filter((each) => each !== secured && !policies.includes(each))
  await checkRights([...ofOverlays, ...optional, ...alone])
  const others = await leaveForeign([
    ...ofOverlays,
    ...optional,
    ...(await findFormerResources()),
    ...(await readApplied(routeResources.filter(({ kind }) => kind === 'HTTPRoute'))),
  ])
  if (!force) await checkNothingManaged([...others, ...alone])
  const again = deletesKey ? 'make undeploy DELETE_KEY=yes' : 'make undeploy'
  const remove = (title: string, gone: readonly Resource[]) =>
    step(title, () => deleteResources(gone, { again }))
  // The Pods go first, because the signer must never run without its policies.
  const deployments = others.filter(({ kind }) => kind === 'Deployment')
  await attempt('the Deployments and their Pods are removed', () => removePods(deployments, again))
  // Before the policy that replaces it is removed, because the key stays in the namespace.
  if (secured !== undefined && optional.some(isPodSecurityReplacement)) {
    await step('Pod Security of the namespace is restored', () => restorePodSecurity(secured))
  }
  const unfinished = await attempt('the other resources are removed', () =>
    deleteResources(others, { again }),
  )
  if (!deletesKey) {
    await sayWhatStays(isFromManager, unfinished !== undefined)
    if (unfinished !== undefined) throw unfinished
    return
  }
  if (mayComeBack(unfinished)) {
    say(`The Secret ${keySecret} stays too, because External Secrets would write it again.`)
    throw unfinished
  }
  await remove(`the Secret ${keySecret} is deleted`, [secret])
  if ((await readMarkIfAllowed()) !== undefined)
    await step('the marker of make freeze is deleted', () => deleteMark(again))
  if (unfinished !== undefined) {
    say(`The namespace ${namespace} and its admission policies stay until the rest is removed.`)
    throw unfinished
  }
  await step(`the Secret ${keySecret} stays deleted`, () => checkGone(force, again))
  await remove('the admission policies are removed', policies)
  if (application.sharedNamespace) {
    say(`The namespace ${namespace} stays, because others share it.`)
    return
  }
  const owner = describeManaged(await findManaged(secured === undefined ? [] : [secured]))
  const remaining = await listRemainingResources()
  if (remaining.length > 0) {
    say(`The namespace ${namespace} stays, because it has other resources: ${remaining.join(', ')}`)
    return
  }
  if (owner !== undefined && !force) {
    say(`The namespace ${namespace} stays, because ${owner}. Remove it there.`)
    return
  }
  await remove(`the namespace ${namespace} is deleted`, [ofNamespace])
})

/** Returns those that exist and are ours: `make deploy` applied them, or they have our label. Names the others, which stay. */
async function leaveForeign(resources: readonly Resource[]): Promise<Resource[]> {
  const existing = await readExisting(resources)
  // The API server records no owner of a resource that has only a name, for example a ServiceAccount.
  const isOurs = (each: OwnedResource) =>
    findApplied(each) !== undefined ||
    each.metadata.labels?.[partOf] === 'secure-signing' ||
    each.metadata.managedFields.length === 0
  const foreign = existing.filter((each) => !isOurs(each))
  if (foreign.length > 0)
    say(`  note  left alone, because make deploy did not apply it: ${listSome(foreign)}`)
  return existing.filter(isOurs)
}

async function checkRights(resources: readonly Resource[]): Promise<void> {
  await step('the user has all required permissions', () =>
    checkPermissions(listPermissions(['get', 'delete'], resources)),
  )
}

/** Throws UserError if another tool would bring one of them back. */
async function checkNothingManaged(resources: readonly Resource[]): Promise<void> {
  await step('no other tool manages the resources', async () =>
    checkNotManaged(await findManaged(resources), 'delete'),
  )
}

/** Throws RemainingError if something has written the key's Secret again. `isManaged`: somebody may do that soon. */
async function checkGone(isManaged: boolean, again: string): Promise<void> {
  if (isManaged) await sleep(atPace(comeBackMs))
  const remaining = await readRemaining([secret])
  if (remaining.length > 0) throw new RemainingError(remaining, '', again)
}

function isPodSecurityReplacement({ metadata }: Resource): boolean {
  return metadata.name === podSecurityReplacement
}

/** Leaves out what went with its kind, and what holds data of the application. */
async function readOwn(): Promise<Resource[]> {
  const served = await listApiVersions()
  const resources = await renderOwnResources()
  const kept = resources.filter(isData).map(describeResource)
  if (kept.length > 0) say(`  note  left alone, because it holds data: ${kept.join(', ')}`)
  return resources.filter((each) => served.includes(each.apiVersion) && !isData(each))
}

function isData({ kind, metadata }: Resource): boolean {
  const isForeign = kind === 'Namespace' && metadata.name !== namespace
  return isForeign || dataKinds.includes(kind)
}

async function listRemainingResources(): Promise<string[]> {
  const listing = await kubectl(['api-resources', '--namespaced', '--verbs=list', '-o', 'name'])
  const kinds = listing.trim().split('\n').join(',')
  const found = await kubectl(['get', kinds, '-n', namespace, '-o', 'name', '--ignore-not-found'])
  return found.split('\n').filter((name) => name !== '' && !automatic.test(name))
}
