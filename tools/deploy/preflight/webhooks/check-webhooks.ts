// Checks before a deployment what webhooks do to its Pods. What our admission policies would refuse ends the deployment.
import { say, UserError } from '../../../cli/terminal.ts'
import { namespace } from '../../../kube/names.ts'
import { describeResource, type Resource } from '../../../kube/resources.ts'
import { changesPolicies } from '../admission.ts'
import { listCandidates } from './candidates.ts'
import type { Change } from './container-changes.ts'
import { dryRunPod } from './dry-run-pod.ts'
import { adviseOptOut } from './known-webhooks.ts'
import { findChanges } from './pod-changes.ts'
import { checkNoProxy } from './unwanted-proxy.ts'

const page = 'See docs/production.md#admission-webhooks.'
const noCandidate =
  'No MutatingWebhookConfiguration selects the Pod. Look at `kubectl get mutatingadmissionpolicies`.'
/** The check cannot tell, and the deployment may be right. */
const unknowns: readonly (readonly [RegExp, string])[] = [
  [/does not support dry run/, 'a webhook refuses dry runs, so its changes to Pods are unknown'],
  [/cannot create resource "pods"/, 'you may not create Pods, so changes by webhooks are unknown'],
  [/(namespaces|serviceaccount) .* not found/, 'changes by webhooks show after the deployment'],
  [/exceeded quota/, 'the quota has no room for another Pod'],
]

/** Throws UserError if no Pod of a Deployment among `resources` would start. Prints other changes as a note. */
export async function checkWebhooks(resources: readonly Resource[]): Promise<void> {
  const deployments = resources.filter(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.namespace === namespace,
  )
  for (const deployment of deployments) await checkDeployment(deployment, resources)
}

async function checkDeployment(deployment: Resource, resources: readonly Resource[]) {
  const name = describeResource(deployment)
  const { sent, keyVolume, admitted, refusal } = await dryRunPod(deployment)
  if (admitted !== undefined) checkNoProxy(name, sent, admitted)
  const changes = admitted === undefined ? [] : findChanges(sent, admitted, keyVolume)
  const stops = changes.filter(({ isRefused }) => isRefused)
  const notes = changes.filter(({ isRefused }) => !isRefused)
  const advise = () => findCause(deployment, resources, changes)
  if (stops.length > 0) {
    const { suspects, todo } = await advise()
    throw new UserError(
      `a webhook changes each Pod of ${name}, which then does not start or sign:\n${formatChanges(stops)}${suspects}`,
      todo,
    )
  }
  if (refusal !== undefined && !(admitted !== undefined && (await changesPolicies(resources)))) {
    await explainRefusal(name, refusal, advise)
  }
  if (notes.length > 0) {
    const { suspects } = await advise()
    say(
      `  note  a webhook changes each Pod of ${name}. ${page}\n${formatChanges(notes)}${suspects}`,
    )
  }
}

type Cause = { suspects: string; todo: string }

async function explainRefusal(name: string, refusal: string, advise: () => Promise<Cause>) {
  const unknown = unknowns.find(([words]) => words.test(refusal))
  if (unknown !== undefined) {
    say(`  note  ${unknown[1]}: ${refusal}`)
    return
  }
  const { suspects, todo } = await advise()
  const isDown = /failed calling webhook/.test(refusal)
  throw new UserError(
    `the API server refuses each Pod of ${name}: ${refusal}${isDown ? '' : suspects}`,
    isDown
      ? `No Pod starts until this webhook answers. Ask its owner. ${page}`
      : `Change what the message names. If a webhook has added it: ${todo}`,
  )
}

/** Names the webhooks that may have made the changes, and the way out. */
async function findCause(
  { spec }: Resource,
  resources: readonly Resource[],
  changes: readonly Change[],
): Promise<Cause> {
  const { labels = {}, annotations = {} } = Object(spec).template.metadata
  const own = resources.find(
    ({ kind, metadata }) => kind === 'Namespace' && metadata.name === namespace,
  )
  const ownLabels = { ...own?.metadata.labels, 'kubernetes.io/metadata.name': namespace }
  const candidates = await listCandidates(labels, ownLabels)
  const images = changes.filter(({ what }) => what.startsWith('image ')).map(({ what }) => what)
  const optedOut = 'instana-autotrace' in labels || 'dynatrace.com/inject' in annotations
  const advice = [
    ...images.slice(0, 1).map(adviseMirror),
    ...adviseOptOut([...candidates, ...changes.map(({ what }) => what)], optedOut),
  ]
  const generic = `Have its owner exclude the namespace ${namespace} in the webhook's namespaceSelector.`
  return {
    suspects: `\n  ${candidates.length === 0 ? noCandidate : `It is one of: ${candidates.join(', ')}`}`,
    todo: `${advice.length > 0 ? advice.join(' ') : generic} ${page}`,
  }
}

/** A mirror of registries changes the image. Then the policies must know the mirror's name. */
function adviseMirror(change: string): string {
  const prefix = change.replace(/^image /, '').replace(/\/[^/]*$/, '')
  return `If this is your mirror, run \`make deploy IMAGE_PREFIX=${prefix}\`.`
}

function formatChanges(changes: readonly Change[]): string {
  const groups = Map.groupBy(changes, ({ place }) => place)
  return [...groups]
    .map(([place, of]) => `  ${place}: ${of.map(({ what }) => what).join(', ')}`)
    .join('\n')
}
