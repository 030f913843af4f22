// The ExternalSecret that brings the key: asked to look now, and what comes of it.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { readReadiness } from '../../../tools/deploy/keys/external-secret-wait.ts'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../../tools/kube/names.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { EFFECT_MS } from '../../support/timeouts.ts'

const target = ['externalsecret', keySecret, '-n', namespace]
const events = z.object({
  items: z.array(
    z.object({
      lastTimestamp: z.string().nullish(),
      message: z.string(),
      involvedObject: z.object({ kind: z.string() }),
    }),
  ),
})
const refreshed = z.object({ status: z.object({ refreshTime: z.string() }) })

/** Makes the operator read the manager now, as docs/key-managers.md says. */
export async function forceSync(): Promise<void> {
  const annotation = `force-sync=${Date.now()}`
  await kubectl(['annotate', ...target, annotation, '--overwrite'])
}

/** Deletes it and its Secret, while the operator runs: only the operator removes the finalizer. */
export async function deleteExternalSecret(): Promise<void> {
  await kubectl(['delete', ...target, '--ignore-not-found', '--cascade=foreground'])
}

/** States of the condition Ready, with a part of its message. */
export const synced = { isReady: true, message: 'secret synced' }
export const retained = { isReady: true, message: 'secret retained' }
export const failing = { isReady: false, message: 'could not get secret data from provider' }

/** Makes the operator read the manager, and waits for the condition. */
export async function syncUntil(wanted: typeof synced): Promise<void> {
  await forceSync()
  await waitFor(
    async () => {
      const { isReady, message } = await readReadiness(keySecret)
      return (isReady === wanted.isReady && message.includes(wanted.message)) || undefined
    },
    EFFECT_MS,
    () => `the ExternalSecret does not say "${wanted.message}"`,
  )
}

/** Makes the operator read the manager once, and waits until it has. */
export async function readAgain(): Promise<void> {
  const before = await readRefreshTime()
  // It is told to the second.
  await sleep(Math.max(0, Date.parse(before) + 1_000 - Date.now()))
  await forceSync()
  await waitFor(
    async () => (await readRefreshTime()) !== before || undefined,
    EFFECT_MS,
    () => `the operator has not read the manager since ${before}`,
  )
}

async function readRefreshTime(): Promise<string> {
  return (await kubectlJson(refreshed, ['get', ...target, '-o', 'json'])).status.refreshTime
}

/** Reads what the events of the ExternalSecret and its SecretStore say since `start`. */
export async function readWarnings(start: Date): Promise<string[]> {
  const args = ['get', 'events', '-n', namespace, '--field-selector', 'type=Warning', '-o', 'json']
  const { items } = await kubectlJson(events, args)
  // They are told to the second.
  const since = Math.floor(start.getTime() / 1_000) * 1_000
  return items
    .filter(({ involvedObject }) => /^(ExternalSecret|SecretStore)$/.test(involvedObject.kind))
    .filter(({ lastTimestamp }) => Date.parse(lastTimestamp ?? '') >= since)
    .map(({ message }) => message)
}
