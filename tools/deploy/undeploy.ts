// make undeploy: removes what `make deploy` applied for the application, of all overlays and components. The key, its namespace and
// the admission policies that protect it stay, unless DELETE_KEY=yes. What other applications use stays.
import { readSwitch } from '../cli/make-variables.ts'
import { atPace } from '../cli/pace.ts'
import { runMain, say, step } from '../cli/terminal.ts'
import { deleteMark, describeFreeze, readMarkIfAllowed } from '../incident/freeze/marker.ts'
import { application } from '../kube/application.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { findApplied, type OwnedResource } from '../kube/field-owners.ts'
import { deleteResources, exists, kubectl, listApiVersions } from '../kube/kubectl.ts'
import { keySecret, namespace } from '../kube/names.ts'
import { describeResource, type Resource } from '../kube/resources.ts'
import { listSome } from '../kube/writers/writers.ts'
import { readExisting } from './apply/existing-resources.ts'
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

const secret: Resource = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: keySecret, namespace },
}
/** What an application may have among its manifests, and what nobody can bring back. */
const dataKinds = ['PersistentVolumeClaim', 'PersistentVolume', 'CustomResourceDefinition']
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
  // The Pods go first, because the signer must never run without its policies.
  await step('the Deployments and their Pods are removed', () => removePods(others))
  // Before the policy that replaces it is removed, because the key stays in the namespace.
  if (secured !== undefined && optional.some(isPodSecurityReplacement)) {
    await step('Pod Security of the namespace is restored', () => restorePodSecurity(secured))
  }
  await step('the other resources are removed', () => deleteResources(others))
  if (!deletesKey) {
    await sayWhatStays(isFromManager)
    return
  }
  await step(`the Secret ${keySecret} is deleted`, () => deleteResources([secret]))
  if ((await readMarkIfAllowed()) !== undefined)
    await step('the marker of make freeze is deleted', deleteMark)
  await step('the admission policies are removed', () => deleteResources(policies))
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
  await step(`the namespace ${namespace} is deleted`, () =>
    kubectl(['delete', 'namespace', namespace, '--wait=true'], { timeoutMs: 120_000 }),
  )
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

function isPodSecurityReplacement({ metadata }: Resource): boolean {
  return metadata.name === podSecurityReplacement
}

async function sayWhatStays(hasExternalSecret: boolean): Promise<void> {
  const isInSecret = !hasExternalSecret && (await exists(['secret', keySecret, '-n', namespace]))
  const where = isInSecret ? `the key in its Secret ${keySecret}` : 'the key in its key manager'
  say(`The namespace ${namespace}, ${where}, and the admission policies that protect it stay.`)
  const mark = await readMarkIfAllowed()
  if (mark !== undefined)
    say(
      `The marker of make freeze stays, too: ${describeFreeze(mark).what}. ${describeFreeze(mark).todo}`,
    )
  const what = isInSecret ? 'all of them' : 'the namespace and the policies'
  say(`To delete ${what}, run \`make undeploy DELETE_KEY=yes\`.`)
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

async function removePods(resources: readonly Resource[]): Promise<void> {
  const deployments = resources.filter(({ kind }) => kind === 'Deployment')
  if (deployments.length === 0) return
  const names = deployments.map(({ metadata }) => metadata.name)
  // In the foreground, so that a Deployment is gone only when its Pods are.
  const args = ['--cascade=foreground', '--ignore-not-found', `--timeout=${atPace(90_000)}ms`]
  await kubectl(['delete', 'deployment', ...names, '-n', namespace, ...args], {
    timeoutMs: 100_000,
  })
}

async function listRemainingResources(): Promise<string[]> {
  const listing = await kubectl(['api-resources', '--namespaced', '--verbs=list', '-o', 'name'])
  const kinds = listing.trim().split('\n').join(',')
  const found = await kubectl(['get', kinds, '-n', namespace, '-o', 'name', '--ignore-not-found'])
  return found.split('\n').filter((name) => name !== '' && !automatic.test(name))
}
