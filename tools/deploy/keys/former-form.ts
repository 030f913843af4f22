// Finds keys that the deployed signer of version 0.1 takes for raw keys, and the new one for webhook keys: their text begins with
// whsec_. Version 0.1 signs with this text, and the new version with the bytes that it encodes.
import { z } from 'zod'
import { say, UserError } from '../../cli/terminal.ts'
import { kubectlJson } from '../../kube/kubectl.ts'
import { findDeployed } from '../../kube/layouts.ts'
import { keySecret, namespace, protectedLabel } from '../../kube/names.ts'
import { listKeyIds, primaryEntry } from './entries.ts'
import { webhookKeys } from './key-forms.ts'
import type { KeySecret } from './key-secret.ts'

const workload = z.object({
  spec: z.object({
    template: z.object({
      metadata: z
        .object({ labels: z.record(z.string(), z.string()).default({}) })
        .default({ labels: {} }),
    }),
  }),
})
const byHand = 'docs/keys.md#rotate-by-hand'

/** Throws UserError if such a key signs, because callers would get errors instead. Prints a note if one only verifies. */
export async function checkFormerForms({ data }: KeySecret): Promise<void> {
  const ids = listKeyIds(data, 'webhook')
  if (ids.length === 0) return
  const isOld = await runsFormerVersion()
  const primary = Buffer.from(data[primaryEntry] ?? '', 'base64').toString()
  const isOnly = isOld && listKeyIds(data).length === 1
  const signing = ids.find((id) => id === primary || isOnly)
  if (signing !== undefined) {
    throw new UserError(
      `the text of the key ${signing} in the Secret ${keySecret} begins with whsec_, so this version signs only webhooks with it. Version 0.1 signs messages with it, and its callers would get errors`,
      `Rotate by hand to a key that begins otherwise: ${byHand}. Then run \`make deploy\` again.`,
    )
  }
  if (!isOld) return
  const doubtful = ids.filter((id) => !/^\d+$/.test(id.replace(webhookKeys.idPrefix, '')))
  if (doubtful.length === 0) return
  say(`  note  the text of ${doubtful.join(', ')} begins with whsec_, so this version signs webhooks with it. Messages that version 0.1 signed with it do not verify any more
        If they have to, rotate by hand and wait for the overlap before you deploy: ${byHand}`)
}

/**
 * Returns true if the deployed signer is of version 0.1. Its Pods lack the label that later policies select. The tag of the image
 * tells nothing, because it may be any text.
 */
async function runsFormerVersion(): Promise<boolean> {
  const layout = await findDeployed()
  if (layout === undefined) return false
  const args = ['get', 'deployment', layout.signer, '-n', namespace, '-o', 'json']
  const { spec } = await kubectlJson(workload, args)
  return spec.template.metadata.labels[protectedLabel] !== 'true'
}
