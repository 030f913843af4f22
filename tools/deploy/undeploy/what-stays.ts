// What make undeploy leaves on purpose, and what it could not remove.
import { say, step } from '../../cli/terminal.ts'
import { describeFreeze, readMarkIfAllowed } from '../../incident/freeze/marker.ts'
import { readRemaining } from '../../kube/deletion/remaining.ts'
import { RemainingError } from '../../kube/deletion/remaining-error.ts'
import { exists } from '../../kube/kubectl.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

export const ofNamespace: Resource = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: namespace },
}
const secret = ['secret', keySecret, '-n', namespace]

/** Runs a step. Returns what stays if it cannot remove everything, so that the next step can follow. */
export async function attempt(
  title: string,
  work: () => Promise<void>,
): Promise<RemainingError | undefined> {
  try {
    await step(title, work)
    return undefined
  } catch (error) {
    if (error instanceof RemainingError) return error
    throw error
  }
}

/** Returns true if External Secrets may write the Secret again, because the deletion of an ExternalSecret has not begun. */
export function mayComeBack(unfinished: RemainingError | undefined): boolean {
  const remaining = unfinished?.remaining ?? []
  return remaining.some(
    ({ resource, isDeleting }) => resource.kind === 'ExternalSecret' && !isDeleting,
  )
}

/** Says what stays without DELETE_KEY. */
export async function sayWhatStays(hasExternalSecret: boolean, isUnfinished: boolean) {
  const [live] = await readRemaining([ofNamespace])
  if (live?.isDeleting === true) {
    say(`The namespace ${namespace} is being deleted, with everything in it.`)
    say('The admission policies stay. `make undeploy DELETE_KEY=yes` removes them.')
    return
  }
  const isInSecret = !hasExternalSecret && (await exists(secret))
  const isCopied = hasExternalSecret && isUnfinished && (await exists(secret))
  const copy = isCopied ? ` and its copy in the Secret ${keySecret}` : ''
  const where = isInSecret
    ? `the key in its Secret ${keySecret}`
    : `the key in its key manager${copy}`
  say(`The namespace ${namespace}, ${where}, and the admission policies that protect it stay.`)
  const mark = await readMarkIfAllowed()
  if (mark !== undefined)
    say(
      `The marker of make freeze stays, too: ${describeFreeze(mark).what}. ${describeFreeze(mark).todo}`,
    )
  if (isUnfinished) return
  const what = isInSecret ? 'all of them' : 'the namespace and the policies'
  say(`To delete ${what}, run \`make undeploy DELETE_KEY=yes\`.`)
}
