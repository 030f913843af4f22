// A workload of another team in the namespace of the Go example: a Deployment without a sidecar, which serves plain HTTP. Its
// containers share their processes, which the admission policies forbid only to Pods with a signer.
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { applications } from './applications.ts'
import { findPodOf, type RunningPod, waitForRolloutOf } from './workloads.ts'

export const { namespace } = applications.go
export const unrelated = 'ledger'
const labelled = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) })
const served = 'ledger in plain text'
const program = `require('node:http').createServer((_, outgoing) => outgoing.end('${served}')).listen(8000)`

const confined = {
  runAsNonRoot: true,
  runAsUser: 10050,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}

/** `image`: any image with Node. */
export function makeDeployment(name: string, image: string): Resource {
  const labels = { app: name }
  const container = {
    ...{ name: 'server', image, command: ['/nodejs/bin/node', '-e', program] },
    readinessProbe: { httpGet: { path: '/', port: 8000 }, periodSeconds: 1 },
    securityContext: confined,
  }
  const spec = { shareProcessNamespace: true, terminationGracePeriodSeconds: 1 }
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace } },
    spec: {
      ...{ replicas: 1, selector: { matchLabels: labels } },
      template: { metadata: { labels }, spec: { ...spec, containers: [container] } },
    },
  }
}

/** Reads the image of our own frontend, which has Node and is on the node. */
export async function readNodeImage(): Promise<string> {
  const { namespace: where, deployment } = applications.ours
  const path = 'jsonpath={.spec.template.spec.containers[?(@.name=="frontend")].image}'
  return kubectl(['get', 'deployment', deployment, '-n', where, '-o', path])
}

export async function startUnrelated(): Promise<void> {
  const metadata = { name: namespace, labels: { team: 'shop' } }
  const service = {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: unrelated, namespace } },
    spec: { selector: { app: unrelated }, ports: [{ port: 80, targetPort: 8000 }] },
  }
  await apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata },
    service,
    makeDeployment(unrelated, await readNodeImage()),
  ])
  await waitForRolloutOf(namespace, unrelated)
}

export async function apply(items: readonly object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  await kubectl(['apply', '-f', '-'], { input })
}

export async function stopUnrelated(): Promise<void> {
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found'], { timeoutMs: 120_000 })
}

export function findUnrelated(): Promise<RunningPod> {
  return findPodOf(namespace, `app=${unrelated}`)
}

export async function readNamespaceLabels(): Promise<Record<string, string>> {
  const { metadata } = await kubectlJson(labelled, ['get', 'namespace', namespace, '-o', 'json'])
  return metadata.labels
}

/** Returns true if a request without mutual TLS is answered. The API server sends it to the Pod. */
export async function isServedInPlainText(name = unrelated): Promise<boolean> {
  const path = `/api/v1/namespaces/${namespace}/services/http:${name}:80/proxy/`
  return (await kubectl(['get', '--raw', path])) === served
}
