// What an immutable Secret means for the Pods. kubelet stops watching it, and keeps what it read until no Pod of the node uses
// it. So not even a Pod of a rolling restart gets the content of a Secret that was deleted and created again.
import { say } from '../../cli/terminal.ts'
import { keySecret } from '../../kube/names.ts'
import type { KeySecret } from './key-secret.ts'

export const immutableAdvice =
  'A rolling restart does not help, because kubelet keeps an immutable Secret while a Pod of the node uses it. Scale the Deployment to 0, wait until its Pods are gone, and scale it back: docs/keys.md#immutable-secret.'

export function noteImmutable({ immutable }: KeySecret): void {
  if (immutable !== true) return
  say(
    `  note  the Secret ${keySecret} is immutable. To change a key, you must delete the Secret and stop all Pods: docs/keys.md#immutable-secret`,
  )
}
