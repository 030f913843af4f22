// The key's Secret handed over to External Secrets and taken back: its kinds and an ExternalSecret on the cluster, whose
// controller's writing is ours.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CHECKOUT } from '../../../cli/checkout.ts'
import { readKeySecret } from '../../../deploy/keys/key-secret.ts'
import type { Condition } from '../../../deploy/rotation/pod-condition.ts'
import { createPodReporter } from '../../../deploy/rotation/pod-reporter.ts'
import { readRotationState } from '../../../deploy/rotation/rotation-state.ts'
import { waitForPods } from '../../../deploy/rotation/wait-for-pods.ts'
import { kubectl } from '../../../kube/kubectl.ts'
import { deployment } from '../../../kube/names.ts'
import { installExternalSecretsCrds } from './external-secrets-crds.ts'
import { disownSecret, saveSecret } from './key-secret.ts'

const externalSecret = join(CHECKOUT, 'k8s/external-secrets/hmac-key-external-secret.yaml')

/** Has an ExternalSecret for the key on the cluster. Returns what has everything as it was, the Pods' keys included. */
export async function handOver(): Promise<() => Promise<void>> {
  const putSecretBack = await saveSecret()
  const { primary } = readRotationState(await readKeySecret())
  const forgetKinds = await installExternalSecretsCrds()
  await kubectl(['create', '-f', '-'], { input: await readFile(externalSecret, 'utf8') })
  return async () => {
    await putSecretBack()
    await disownSecret()
    await forgetKinds()
    await untilPods({ every: 'signs with', id: primary })
  }
}

/** Returns once every Pod reports that it is so. */
export async function untilPods(condition: Condition): Promise<void> {
  const { readReports, stop } = createPodReporter(deployment)
  try {
    await waitForPods(condition, { readReports, now: Date.now, sleep })
  } finally {
    stop()
  }
}
