// Puts admission policies into effect on an API server that has no others.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { forEachAtMost } from '../../cli/at-most.ts'
import type { Resource } from '../../kube/resources.ts'
import type { Api } from './api-server/api.ts'

const IN_EFFECT_MS = 30_000
const POLL_MS = 50
/** The API server compiles each policy. */
const REQUESTS = 4
const group = 'admissionregistration.k8s.io/v1'
const policyKind = 'ValidatingAdmissionPolicy'
const bindingKind = 'ValidatingAdmissionPolicyBinding'
/** What is there while nothing else is. */
const anywhere = 'default'

/** A resource that the API server refuses, and what it says. */
export type Refusal = { resource: Resource; said: string }

export function isAdmission({ kind }: Resource): boolean {
  return kind === policyKind || kind === bindingKind
}

/** Returns the policy that a policy or binding is about. */
export function policyOf({ kind, metadata, spec }: Resource): string {
  return kind === bindingKind ? String(Object(spec).policyName) : metadata.name
}

/**
 * Replaces all policies and bindings. Returns when those of `resources` that the API server accepts are in effect, with those that
 * it refuses.
 */
export async function enforcePolicies(
  api: Api,
  resources: readonly Resource[],
): Promise<Refusal[]> {
  for (const kind of ['validatingadmissionpolicybindings', 'validatingadmissionpolicies']) {
    await api.send({ method: 'DELETE', path: `/apis/${group}/${kind}` })
  }
  const refusals: Refusal[] = []
  await forEachAtMost(REQUESTS, resources, async (resource) => {
    await api.apply(withoutStatus(resource)).catch((error: Error) => {
      refusals.push({ resource, said: error.message })
    })
  })
  await waitForAll(api)
  return refusals
}

/**
 * The API server reads its policies in the order of their changes, and uses what it has read once a second. So everything
 * before the last policy is in effect when that one is.
 */
async function waitForAll(api: Api): Promise<void> {
  const name = `in-effect-${randomUUID()}`
  const metadata = { name }
  await api.apply({
    ...{ apiVersion: group, kind: policyKind, metadata },
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            resources: ['configmaps'],
            operations: ['CREATE'],
          },
        ],
      },
      validations: [{ expression: `object.metadata.name != '${name}'` }],
    },
  })
  await api.apply({
    ...{ apiVersion: group, kind: bindingKind, metadata },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': anywhere } },
      },
    },
  })
  const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: anywhere } }
  const deadline = Date.now() + IN_EFFECT_MS
  for (;;) {
    const { status, said } = await api.tryCreate(probe)
    if (said.includes(name) && status >= 400) return
    if (Date.now() > deadline) throw new Error(`no policy is in effect: ${said}`)
    await sleep(POLL_MS)
  }
}

/** A resource as it was read from a cluster cannot be applied. */
export function withoutStatus({ status: _, ...resource }: Resource): Resource {
  const { managedFields, resourceVersion, uid, generation, creationTimestamp, ...metadata } =
    resource.metadata
  return { ...resource, metadata }
}
