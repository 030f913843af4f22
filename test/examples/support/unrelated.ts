// The workload of another team in the namespace of the Go example: a blog without a sidecar, which serves plain HTTP. Its containers
// share their processes, which the admission policies forbid only to Pods with a signer.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { findPodOf, type RunningPod, waitForRolloutOf } from './workloads.ts'

export const namespace = 'shop'
export const unrelated = 'blog'
const image = 'registry.example/shop:1.0'
const labelled = z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) })

/** Reads a manifest of the Go example as its owner applies it. */
async function readManifest(name: string): Promise<Resource[]> {
  const text = await readFile(join(CHECKOUT, 'examples/go', name), 'utf8')
  return parseResources(text.replaceAll('image: shop\n', `image: ${image}\n`))
}

export async function startUnrelated(): Promise<void> {
  await apply([
    ...(await readManifest('namespace.yaml')),
    ...(await readManifest('unrelated.yaml')),
  ])
  await waitForRolloutOf(namespace, unrelated)
}

/** Returns the Deployment under another name. */
export async function renameUnrelated(name: string): Promise<Resource> {
  const all = await readManifest('unrelated.yaml')
  const deployment = all.find(({ kind }) => kind === 'Deployment')
  const text = JSON.stringify(deployment).replaceAll(`"${unrelated}"`, `"${name}"`)
  // The argument of the container says which program runs.
  return JSON.parse(text.replace(`"args":["${name}"]`, `"args":["${unrelated}"]`))
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

/** Sends a request without mutual TLS, by the API server. */
export async function readInPlainText(): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/services/http:${unrelated}:80/proxy/`
  return (await kubectl(['get', '--raw', path])).trim()
}
