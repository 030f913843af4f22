// If a component lets External Secrets bring the key, `make deploy` does not make one. It waits for the Secret.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { say, UserError } from '../../cli/terminal.ts'
import { exists, kubectl, kubectlJson } from '../../kube/kubectl.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { readKeySecret } from './key-secret.ts'

/** Milliseconds; with everything right it takes two or three seconds. */
const deadlineMs = 60_000
const pollMs = 500
const page = 'docs/key-managers.md'
const secret = ['secret', keySecret, '-n', namespace]

const externalSecretSpec = z.object({
  target: z.object({ name: z.string().optional() }).optional(),
})
const readiness = z.object({
  status: z
    .object({
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .default({ conditions: [] }),
})

/** The ExternalSecret among `resources` that brings the key; undefined if make deploy is to make one. */
export function findKeyBringer<T extends Resource>(resources: readonly T[]): T | undefined {
  return resources.find((each) => {
    const { data } = externalSecretSpec.safeParse(each.spec)
    return (
      each.kind === 'ExternalSecret' && (data?.target?.name ?? each.metadata.name) === keySecret
    )
  })
}

/** Throws UserError without External Secrets, and if it has not made the Secret: it would keep foreign entries for ever. */
export async function checkKeyBringer(): Promise<void> {
  const versions = await kubectl(['api-versions'])
  if (!/^external-secrets\.io\/v1$/m.test(versions)) {
    throw new UserError(
      'External Secrets (external-secrets.io/v1) is not installed on this cluster, and the key is to come through it',
      `install it, see ${page}, or leave its component out`,
    )
  }
  if (!(await exists(secret)) || (await isBrought())) return
  throw new UserError(
    `the Secret ${keySecret} is there, and not from External Secrets, which is to bring it`,
    `move its keys into the key manager: ${page}, "Move an existing key"`,
  )
}

/** By its owner: the controller puts its label on any Secret of that name, before it has read the manager. */
async function isBrought(): Promise<boolean> {
  const { ownerReferences = [] } = (await readKeySecret()).metadata
  return ownerReferences.some(({ kind }) => kind === 'ExternalSecret')
}

/** Waits until External Secrets has brought the Secret. Throws UserError with what it says if it does not. */
export async function waitForKey(name: string, waitMs = deadlineMs): Promise<void> {
  const deadline = Date.now() + waitMs
  for (;;) {
    const { isReady, message } = await readReadiness(name)
    const isThere = await exists(secret)
    if (isReady && isThere) return
    if (Date.now() >= deadline) {
      const said = message || 'it says nothing: does its controller run?'
      if (!isThere) {
        throw new UserError(
          `External Secrets does not bring the Secret ${keySecret}: ${said}`,
          `everything is applied; mend it and it is tried again by itself: kubectl describe externalsecret ${name} -n ${namespace}, and ${page}`,
        )
      }
      say(
        `  note  External Secrets can't renew the Secret ${keySecret}, which stays as it is: ${said}`,
      )
      return
    }
    await sleep(pollMs)
  }
}

/** What External Secrets says of the ExternalSecret `name`; `message` is empty while it says nothing. */
export async function readReadiness(name: string): Promise<{ isReady: boolean; message: string }> {
  const args = ['get', 'externalsecrets.external-secrets.io', name, '-n', namespace, '-o', 'json']
  const { status } = await kubectlJson(readiness, args)
  const ready = status.conditions.find(({ type }) => type === 'Ready')
  return { isReady: ready?.status === 'True', message: ready?.message ?? '' }
}
