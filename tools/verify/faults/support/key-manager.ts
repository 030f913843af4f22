// Moves the key's Secret to External Secrets and back. The experiment itself writes as the controller.
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

/** Creates an ExternalSecret for the key. Returns the function that restores everything, also the keys of the Pods. */
export async function createExternalSecret(): Promise<() => Promise<void>> {
  const restoreSecret = await saveSecret()
  const { primary } = readRotationState(await readKeySecret())
  const removeCrds = await installExternalSecretsCrds()
  await kubectl(['create', '-f', '-'], { input: await readFile(externalSecret, 'utf8') })
  return async () => {
    await restoreSecret()
    await disownSecret()
    await removeCrds()
    await waitUntilPods({ every: 'signs with', id: primary })
  }
}

export async function waitUntilPods(condition: Condition): Promise<void> {
  const { readReports, stop } = createPodReporter(`app=${deployment}`)
  try {
    await waitForPods(condition, { readReports, now: Date.now, sleep })
  } finally {
    stop()
  }
}
