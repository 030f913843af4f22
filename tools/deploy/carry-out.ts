// The second half of make deploy: applies a plan, waits for the Pods, and removes what the version before needed.
import { say, step } from '../cli/terminal.ts'
import { deleteResources } from '../kube/deletion/delete-resources.ts'
import type { Layout } from '../kube/layouts.ts'
import { keySecret } from '../kube/names.ts'
import { describeResource, type Resource } from '../kube/resources.ts'
import { applyRendering } from './apply/apply.ts'
import { bindToFormer, removeFormerResources } from './apply/former-resources.ts'
import { keepFormerRoute } from './apply/former-route.ts'
import { formatDeletions } from './apply/orphaned-resources.ts'
import { waitForRollout } from './apply/rollout.ts'
import { waitForTerminatingPods } from './apply/terminating-pods.ts'
import { waitForExternalSecret } from './keys/external-secret-wait.ts'
import { ensureKey } from './keys/hmac-key.ts'
import { checkPoliciesInEffect } from './preflight/admission.ts'
import type { Plan } from './prepare.ts'
import type { Rendering } from './render/render.ts'

/** Applies the resources, and prints what changed. */
export async function apply(
  { rendering, createsKey, former, formerRoute, orphaned, created, replaced }: Plan,
  force: boolean,
): Promise<void> {
  const isNewKey = createsKey && (await step(`the Secret ${keySecret} exists`, ensureKey))
  const transition = await keepFormerRoute(await bindToFormer(rendering, former), formerRoute)
  const applied = await step('the resources are applied', () => applyRendering(transition, force))
  // Istio takes the older of two Sidecars, and the new Pods need ours.
  if (replaced.length > 0) {
    const names = replaced.map(describeResource).join(', ')
    await step(`${names} is removed, because Sidecar/signer has its content`, () =>
      deleteResources(replaced, { again: 'make deploy' }),
    )
  }
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
export async function waitUntilReady({
  layout,
  rendering,
  externalSecret,
  former,
}: Plan): Promise<void> {
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
