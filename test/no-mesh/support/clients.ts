// Pods that can only use the network: one with the application's ServiceAccount beside it, one in another namespace.
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { confined, makePod } from '../../../tools/verify/admission/pods.ts'
import type { Container } from '../../../tools/verify/attack/containers.ts'
import { PODS_MS } from '../../../tools/verify/attack/timeouts.ts'

const otherNamespace = `${namespace}-test-client`
const name = 'test-client'
export const sameAccount: Container = { namespace, pod: name, container: 'attacker' }
export const otherPod: Container = { ...sameAccount, namespace: otherNamespace }

/** Starts both with the application's image. */
export async function startClients(image: string): Promise<void> {
  const command = ['/nodejs/bin/node', '-e', 'setInterval(() => {}, 1e9)']
  const containers = [{ name: sameAccount.container, image, command, ...confined }]
  const beside = makePod({ containers, terminationGracePeriodSeconds: 0 }, name)
  beside.metadata.labels = { app: name }
  const other = structuredClone(beside)
  other.metadata.namespace = otherNamespace
  Object.assign(Object(other.spec), { serviceAccountName: 'default' })
  const items: Resource[] = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: otherNamespace } },
    beside,
    other,
  ]
  await kubectl(['apply', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  })
  for (const { namespace: where, pod } of [sameAccount, otherPod]) {
    const ready = ['--for=condition=Ready', `--timeout=${PODS_MS}ms`]
    await kubectl(['wait', `pod/${pod}`, '-n', where, ...ready], { timeoutMs: PODS_MS })
  }
}

export async function removeClients(): Promise<void> {
  const options = { timeoutMs: PODS_MS }
  await kubectl(['delete', 'pod', name, '-n', namespace, '--ignore-not-found'], options)
  await kubectl(['delete', 'namespace', otherNamespace, '--ignore-not-found'], options)
}
