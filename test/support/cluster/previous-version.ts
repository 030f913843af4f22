// Deploys what stands for version 0.1: its names of mesh resources, its token rule, and a frontend that sends the caller token
// in Authorization. Image and signer are those of this version.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { readEntrypoint } from '../../../tools/images/containerfile.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { listWorkloads, onePod } from '../../../tools/kube/layouts.ts'
import { fieldManager, namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { ROLLOUT_MS } from '../../../tools/verify/faults/support/timeouts.ts'
import { deploy } from './deployment.ts'

/** Sends each request of the frontend to the signer with the header of version 0.1. */
const sendFormerHeader = `
  import http from 'node:http'
  import { syncBuiltinESMExports } from 'node:module'
  const { request } = http
  http.request = (options, ...rest) => {
    const { 'caller-token': token, ...headers } = options.headers
    const former = token && { authorization: 'Bearer ' + token }
    return request({ ...options, headers: { ...headers, ...former } }, ...rest)
  }
  syncBuiltinESMExports()`

const podSpec = z.looseObject({
  template: z.looseObject({
    spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string() })) }),
  }),
})

/** Replaces the deployment by the previous version. `make deploy` then finds it as that version has left it. */
export async function deployPreviousVersion(layout = onePod): Promise<void> {
  await deploy({ DRY_RUN: 'yes', OVERLAY: layout.overlay })
  const yaml = await readFile(join(CHECKOUT, '.deploy/rendered.yaml'), 'utf8')
  const items = parseResources(yaml).map(toPreviousVersion)
  const list = { apiVersion: 'v1', kind: 'List', items }
  const apply = ['apply', '--server-side', '--force-conflicts', `--field-manager=${fieldManager}`]
  await kubectl([...apply, '-f', '-'], { input: JSON.stringify(list) })
  await waitForRollout(layout)
  const renamed = [
    'gateways.networking.istio.io/public',
    'requestauthentication/authenticate-caller',
  ]
  await kubectl(['delete', ...renamed, '-n', namespace])
}

export async function waitForRollout(layout = onePod): Promise<void> {
  for (const name of listWorkloads(layout)) {
    const args = ['rollout', 'status', `deployment/${name}`, '-n', namespace]
    await kubectl([...args, `--timeout=${ROLLOUT_MS}ms`], { timeoutMs: ROLLOUT_MS })
  }
}

/** Gives the frontend the program of this version. A new image does that, but here both versions have the same. */
export async function replaceProgram(): Promise<void> {
  const containers = [{ name: 'frontend', command: null }]
  const patch = JSON.stringify({ spec: { template: { spec: { containers } } } })
  await kubectl(['patch', 'deployment', onePod.frontend, '-n', namespace, '-p', patch])
}

function toPreviousVersion(resource: Resource): Resource {
  const { kind, metadata } = resource
  switch (kind) {
    case 'Gateway':
      return { ...resource, metadata: { ...metadata, name: 'world' } }
    case 'VirtualService':
      return replace(resource, [
        ['"public"', '"world"'],
        ['"remove":["caller-token"]', '"remove":[]'],
      ])
    case 'RequestAuthentication':
      return {
        ...replace(resource, [
          ['{"name":"Caller-Token"}', '{"name":"Authorization","prefix":"Bearer "}'],
        ]),
        metadata: { ...metadata, name: 'verify-caller-token' },
      }
    case 'Deployment':
      return { ...resource, spec: withFormerHeader(resource.spec) }
    default:
      return resource
  }
}

function replace(resource: Resource, changes: readonly (readonly [string, string])[]): Resource {
  const text = JSON.stringify(resource.spec)
  const spec = changes.reduce((json, [old, former]) => json.replaceAll(old, former), text)
  return { ...resource, spec: JSON.parse(spec) }
}

function withFormerHeader(spec: unknown) {
  const { template, ...others } = podSpec.parse(spec)
  const preload = `data:text/javascript,${encodeURIComponent(sendFormerHeader)}`
  const [node = '', ...flags] = readEntrypoint('frontend')
  const command = [node, '--import', preload, ...flags]
  const containers = template.spec.containers.map((each) =>
    each.name === 'frontend' ? { ...each, command } : each,
  )
  return { ...others, template: { ...template, spec: { ...template.spec, containers } } }
}
