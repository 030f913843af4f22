// Says which resources a command could not delete, what keeps each one, and how the user finishes the deletion.
import { UserError } from '../../cli/terminal.ts'
import { describeResource, type Resource } from '../resources.ts'
import { explainFinalizer } from './finalizers.ts'
import type { Remaining } from './remaining.ts'

const webhookFailure = /failed calling webhook "([^"]+)"/g
const listWebhooks = 'kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations'

export class RemainingError extends UserError {
  readonly remaining: readonly Remaining[]

  /** `refusal`: what kubectl printed when it sent the deletions. `again`: the command that finishes the work. */
  constructor(remaining: readonly Remaining[], refusal: string, again: string) {
    const kept = remaining.filter(({ isDeleting }) => isDeleting)
    const others = remaining.filter(({ isDeleting }) => !isDeleting)
    const explained = others.length === 0 ? undefined : explainOthers(others, refusal)
    const steps = [
      ...(explained === undefined ? [] : [explained.todo]),
      ...new Set(kept.flatMap(advise)),
      `Then run \`${again}\` again.`,
    ]
    super(
      [...(explained === undefined ? [] : [explained.what]), ...kept.map(describe)].join('\n'),
      steps.join('\n  → '),
    )
    this.name = 'RemainingError'
    this.remaining = remaining
  }
}

/** About resources that are not being deleted. */
function explainOthers(others: readonly Remaining[], refusal: string) {
  const names = others.map(({ resource }) => describeResource(resource)).join(', ')
  if (refusal === '') {
    return {
      what: `something created ${names} again after the deletion`,
      todo: 'Find out what writes it, and stop that.',
    }
  }
  const webhooks = [...new Set([...refusal.matchAll(webhookFailure)].map(([, name]) => name))]
  if (webhooks.length === 0) {
    const said = refusal.replaceAll(
      /^Error from server[^:]*: (error when deleting "STDIN": )?/gm,
      '',
    )
    return { what: `the API server does not delete ${names}: ${said}`, todo: 'Remove the cause.' }
  }
  return {
    what: `the API server does not delete ${names}, because the webhook ${webhooks.join(', ')} does not answer`,
    todo: `Start the program of the webhook again. If it is uninstalled, delete the webhook configuration that it left: ${listWebhooks}`,
  }
}

function describe({ resource, finalizers, conditions }: Remaining): string {
  const waits = finalizers.map((each) => {
    const { owner } = explainFinalizer(each)
    return `It waits for its finalizer ${each}, which ${owner} has not removed.`
  })
  return [`${describeResource(resource)} is being deleted.`, ...waits, ...conditions].join(' ')
}

function advise({ resource, finalizers }: Remaining): string[] {
  return finalizers.flatMap((each) => {
    const { owner, todo, skips } = explainFinalizer(each)
    if (todo !== undefined) return [`${todo}: kubectl describe ${target(resource)}`]
    const byHand = [
      'If it does not come back, remove the finalizer yourself.',
      skips ?? 'That skips what the program does before a deletion.',
      `Kubernetes then deletes ${describeResource(resource)}, and what it owns.`,
    ].join(' ')
    return [
      `Start ${owner} again. It removes the finalizer, and that ends the deletion.`,
      `${byHand}\n      ${formatPatch(resource, finalizers, each)}`,
    ]
  })
}

/** The command that removes `finalizer`, and leaves the others. */
function formatPatch(resource: Resource, finalizers: readonly string[], finalizer: string): string {
  const others = finalizers.filter((each) => each !== finalizer)
  const patch = JSON.stringify({ metadata: { finalizers: others } })
  return `kubectl patch ${target(resource)} --type=merge -p '${patch}'`
}

function target({ apiVersion, kind, metadata }: Resource): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.replace(/\/.*/, '')}` : ''
  const scope = metadata.namespace === undefined ? '' : ` -n ${metadata.namespace}`
  return `${kind.toLowerCase()}${group} ${metadata.name}${scope}`
}
