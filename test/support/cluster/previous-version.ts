// Deploys what stands for version 0.1: its names of mesh resources, its token rule, and a frontend that sends the caller token
// in Authorization. Image and signer are those of this version.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { vi } from 'vitest'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { readEntrypoint } from '../../../tools/images/containerfile.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { listWorkloads, onePod } from '../../../tools/kube/layouts.ts'
import { fieldManager, namespace } from '../../../tools/kube/names.ts'
import { describeResource, parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { ROLLOUT_MS } from '../../../tools/verify/faults/support/timeouts.ts'
import { WAIT_MS } from '../timeouts.ts'
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

const policySpec = z.looseObject({
  variables: z.array(z.looseObject({ name: z.string() })).default([]),
})

/** Its names, by those of this version. */
const formerNames: Readonly<Record<string, string>> = {
  'Gateway/public': 'world',
  'Sidecar/signer': 'secure-signing',
  'PeerAuthentication/signer-require-mtls': 'require-mtls',
  'RequestAuthentication/signer-authenticate-caller': 'verify-caller-token',
  'AuthorizationPolicy/signer-allow-nothing': 'allow-nothing',
  'AuthorizationPolicy/signer-allow-gateway': 'allow-ingress-to-frontend',
  'AuthorizationPolicy/signer-allow-caller': 'allow-frontend-to-sign',
  'AuthorizationPolicy/signer-allow-probe': 'allow-probe-to-signer',
  'AuthorizationPolicy/signer-allow-metrics': 'allow-pod-to-read-signer-metrics',
}
const added = ['AuthorizationPolicy/signer-deny-others']
/** Those without a selector, which are for the whole namespace. */
const namespaceWide = ['allow-nothing', 'require-mtls']

/** Replaces the deployment by the previous version. `make deploy` then finds it as that version has left it. */
export async function deployPreviousVersion(layout = onePod): Promise<void> {
  await applyPreviousVersion(await renderPreviousVersion(layout), layout)
  await removeThisVersion()
}

export async function renderPreviousVersion(layout = onePod): Promise<Resource[]> {
  await deploy({ DRY_RUN: 'yes', OVERLAY: layout.overlay })
  const yaml = await readFile(join(CHECKOUT, '.deploy/rendered.yaml'), 'utf8')
  return parseResources(yaml)
    .filter((each) => !added.includes(describeResource(each)))
    .map(toPreviousVersion)
}

/** Does what `make deploy` of the previous version does. The resources that have other names there stay. */
export async function applyPreviousVersion(items: Resource[], layout = onePod): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  const apply = ['apply', '--server-side', '--force-conflicts', `--field-manager=${fieldManager}`]
  // The admission policies take effect after a moment, so this tries again, as `make deploy` does.
  await vi.waitFor(() => kubectl([...apply, '-f', '-'], { input }), WAIT_MS)
  await waitForRollout(layout)
}

async function removeThisVersion(): Promise<void> {
  const names = [...Object.keys(formerNames), ...added].map((name) =>
    name.replace('Gateway/', 'gateways.networking.istio.io/'),
  )
  await kubectl(['delete', ...names, '-n', namespace])
}

async function waitForRollout(layout = onePod): Promise<void> {
  for (const name of listWorkloads(layout)) {
    const args = ['rollout', 'status', `deployment/${name}`, '-n', namespace]
    await kubectl([...args, `--timeout=${ROLLOUT_MS}ms`], { timeoutMs: ROLLOUT_MS })
  }
}

function toPreviousVersion(resource: Resource): Resource {
  const { kind, metadata } = resource
  const name = formerNames[describeResource(resource)] ?? metadata.name
  const renamed = { ...withFormerSelector({ ...resource, metadata: { ...metadata, name } }) }
  switch (kind) {
    case 'VirtualService':
      return replace(renamed, [
        ['"public"', '"world"'],
        ['"remove":["caller-token"]', '"remove":[]'],
      ])
    case 'RequestAuthentication':
      return replace(renamed, [
        ['{"name":"Caller-Token"}', '{"name":"Authorization","prefix":"Bearer "}'],
      ])
    case 'ValidatingAdmissionPolicy':
      return { ...renamed, spec: withoutSelectingLabels(renamed.spec) }
    case 'Deployment':
      return { ...renamed, spec: withFormerHeader(renamed.spec) }
    default:
      return renamed
  }
}

/** Its policies select the Pods by the label `app`, or all Pods of the namespace. */
function withFormerSelector(resource: Resource): Resource {
  if (namespaceWide.includes(resource.metadata.name)) {
    const { selector: _, ...spec } = Object(resource.spec)
    return { ...resource, spec }
  }
  const label = '"secure-signing.dev/protected":"true"'
  if (resource.kind === 'Deployment') {
    return replace(resource, [
      [`,${label}`, ''],
      [`${label},`, ''],
    ])
  }
  return resource.apiVersion.includes('istio.io')
    ? replace(resource, [[label, '"app":"secure-signing"']])
    : resource
}

function replace(resource: Resource, changes: readonly (readonly [string, string])[]): Resource {
  const text = JSON.stringify(resource.spec)
  const spec = changes.reduce((json, [old, former]) => json.replaceAll(old, former), text)
  return { ...resource, spec: JSON.parse(spec) }
}

/** Its admission policies require no label that this version brought. */
function withoutSelectingLabels(spec: unknown) {
  const { variables, ...others } = policySpec.parse(spec)
  const former = variables.map((each) =>
    each.name === 'selectingLabels' ? { ...each, expression: 'dyn({})' } : each,
  )
  return { ...others, variables: former }
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
