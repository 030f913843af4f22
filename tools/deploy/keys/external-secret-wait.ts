// Checks and waits for External Secrets, if a component has it copy the key from a key manager. Then `make deploy` does not
// write the Secret.
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { atPace } from '../../cli/pace.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { exists, kubectlJson, listApiVersions } from '../../kube/kubectl.ts'
import { keySecret, namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { checkKinds } from './external-secrets-kinds.ts'
import { readKeySecret } from './key-secret.ts'

/** Milliseconds. Usually it takes two or three seconds. */
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

/** Finds the ExternalSecret among `resources` that writes the Secret with the key. */
export function findKeyExternalSecret<T extends Resource>(resources: readonly T[]): T | undefined {
  return resources.find(({ kind, metadata, spec }) => {
    const target = externalSecretSpec.safeParse(spec).data?.target?.name ?? metadata.name
    return kind === 'ExternalSecret' && target === keySecret
  })
}

/**
 * Throws UserError without External Secrets, or if its kinds do not have what `resources` use. Also if the Secret is not from it,
 * because it would never remove such entries.
 */
export async function checkExternalSecrets(resources: readonly Resource[]): Promise<void> {
  await checkKinds(resources, await listApiVersions())
  if (!(await exists(secret)) || (await isOwnedByExternalSecret())) return
  throw new UserError(
    `the Secret ${keySecret} exists, and External Secrets did not create it`,
    `Move its keys into the key manager: ${page}, "Move an existing key".`,
  )
}

/** Checks the owner, because the controller labels any Secret of that name before it reads the key manager. */
async function isOwnedByExternalSecret(): Promise<boolean> {
  const { ownerReferences = [] } = (await readKeySecret()).metadata
  return ownerReferences.some(({ kind }) => kind === 'ExternalSecret')
}

/** Waits for ExternalSecret and Secret. If only the update fails, prints a note. Throws UserError if there is no Secret. */
export async function waitForExternalSecret(name: string, waitMs = deadlineMs): Promise<void> {
  const deadline = Date.now() + atPace(waitMs)
  for (;;) {
    const { isReady, message } = await readReadiness(name)
    const isWritten = await exists(secret)
    if (isReady && isWritten) return
    if (Date.now() >= deadline) {
      const reason = message || 'its status has no message, so check that its controller runs'
      if (!isWritten) {
        throw new UserError(
          `External Secrets does not create the Secret ${keySecret}: ${reason}`,
          `All resources are applied. Fix the cause, and External Secrets tries again. See ${page}, and run kubectl describe externalsecret ${name} -n ${namespace}`,
        )
      }
      say(`  note  External Secrets cannot update the Secret ${keySecret}, which stays: ${reason}`)
      return
    }
    await sleep(pollMs)
  }
}

/** Reads the condition Ready of the ExternalSecret `name`. `message` is empty before the controller sets it. */
export async function readReadiness(name: string): Promise<{ isReady: boolean; message: string }> {
  const args = ['get', 'externalsecrets.external-secrets.io', name, '-n', namespace, '-o', 'json']
  const { status } = await kubectlJson(readiness, args)
  const ready = status.conditions.find(({ type }) => type === 'Ready')
  return { isReady: ready?.status === 'True', message: ready?.message ?? '' }
}
