// What the versions before named or selected differently is replaced without a moment in which one of its Pods or routes has nothing.
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  bindToFormer,
  findFormerResources,
  removeFormerResources,
} from '../../../tools/deploy/apply/former-resources.ts'
import type { Rendering } from '../../../tools/deploy/render/render.ts'
import { applyResource, kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { asPod } from '../../../tools/verify/admission/pods.ts'
import { asWorkload } from '../../../tools/verify/admission/workloads.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const groups = {
  AuthorizationPolicy: 'security.istio.io',
  Gateway: 'networking.istio.io',
  PeerAuthentication: 'security.istio.io',
  RequestAuthentication: 'security.istio.io',
  Sidecar: 'networking.istio.io',
  VirtualService: 'networking.istio.io',
}
/** This version's names, and those of version 0.1. */
const names = {
  public: ['world'],
  signer: ['secure-signing'],
  'signer-require-mtls': ['require-mtls'],
  'signer-authenticate-caller': ['verify-caller-token', 'authenticate-caller'],
  'signer-allow-nothing': ['allow-nothing'],
  'signer-allow-gateway': ['allow-ingress-to-frontend'],
  'signer-allow-caller': ['allow-frontend-to-sign'],
  'signer-allow-probe': ['allow-probe-to-signer'],
  'signer-allow-metrics': ['allow-pod-to-read-signer-metrics'],
}
const ours = Object.keys(names)
const theirs = Object.values(names).flat()
const makeKind = ([kind, group]: [string, string]) => {
  const [singular, plural] = [kind.toLowerCase(), `${kind.toLowerCase()}s`]
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      ...{ group, scope: 'Namespaced', names: { kind, plural, singular } },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  }
}
const isRenamed = ({ kind }: Resource) => Object.hasOwn(groups, kind)
/** Each resource under each of its former names. */
const toFormer = (resources: readonly Resource[]): Resource[] =>
  resources.flatMap((each) => {
    if (each.kind === 'VirtualService') {
      return [{ ...each, spec: { ...Object(each.spec), gateways: ['world'] } }]
    }
    const former = Object.entries(names).find(([name]) => name === each.metadata.name)?.[1] ?? []
    return former.map((name) => ({ ...each, metadata: { ...each.metadata, name } }))
  })

describe('the resources of the versions before', needsLocalPrograms, () => {
  let rendering: Rendering
  let former: Resource[]
  let resources: readonly Resource[]

  beforeAll(async () => {
    await useBareApiServer()
    const sample = await renderSample()
    rendering = sample
    resources = sample.resources
    const kinds = Object.entries(groups).map(makeKind)
    for (const each of kinds) await kubectl(['create', '-f', '-'], { input: JSON.stringify(each) })
    const crds = kinds.map(({ metadata }) => `crd/${metadata.name}`)
    await kubectl(['wait', '--for=condition=established', ...crds, '--timeout=30s'])
    await kubectl(['create', 'namespace', namespace])
    former = toFormer(parseResources(rendering.yaml).filter(isRenamed))
  })
  afterEach(async () => {
    const kinds = Object.keys(groups).join(',')
    await kubectl(['delete', kinds, '--all', '-n', namespace])
  })

  const list = async () => {
    const kinds = Object.keys(groups).filter((kind) => kind !== 'VirtualService')
    const found = await kubectl(['get', kinds.join(','), '-n', namespace, '-o', 'name'])
    const [added, all] = ['signer-deny-others', found.trim().split('\n')]
    return all.map((name) => name.replace(/^.*\//, '')).filter((name) => name !== added)
  }
  const readGateways = async () => {
    const path = 'jsonpath={.spec.gateways}'
    return JSON.parse(
      await kubectl(['get', 'virtualservice', 'frontend', '-n', namespace, '-o', path]),
    )
  }

  test('stay beside the new ones, and are deleted when the VirtualService belongs to the new Gateway alone', async () => {
    for (const each of former) await applyResource(each)
    expect(await readGateways()).toEqual(['world'])
    const found = await findFormerResources(resources)
    expect(found.map(({ metadata }) => metadata.name).toSorted()).toEqual(theirs.toSorted())

    const transition = await bindToFormer(rendering, found)
    const changed = parseResources(transition.yaml).filter(isRenamed)
    for (const each of changed) await applyResource(each)
    expect(await readGateways()).toEqual(['public', 'world'])
    expect((await list()).toSorted()).toEqual([...ours, ...theirs].toSorted())

    await removeFormerResources(rendering, found)
    expect(await readGateways()).toEqual(['public'])
    expect((await list()).toSorted()).toEqual(ours.toSorted())
    expect(await findFormerResources(resources)).toEqual([])
  })

  test('stay if `make deploy` did not apply them', async () => {
    for (const each of former) {
      await kubectl(['create', '-f', '-'], { input: JSON.stringify(each) })
    }
    expect(await findFormerResources(resources)).toEqual([])
    expect(await bindToFormer(rendering, [])).toBe(rendering)
  })

  test('lets the former ReplicaSet make Pods until the former policies are gone', async () => {
    const isPolicy = ({ kind, metadata }: Resource) =>
      kind.startsWith('ValidatingAdmission') && metadata.name.endsWith('no-way-around-proxy')
    const pod = asPod(resources, 'former')
    const make = async (labels: Record<string, string>) => {
      const metadata = { ...pod.metadata, labels }
      const input = JSON.stringify(asWorkload('ReplicaSet', { ...pod, metadata }))
      return kubectl(['create', '-f', '-', '--dry-run=server'], { input })
    }
    const isRefused = (labels: Record<string, string>) =>
      vi.waitFor(() => expect(make(labels)).rejects.toThrow('must have the label'), {
        ...{ timeout: 15_000, interval: 250 },
      })
    const transition = await bindToFormer(rendering, former)
    for (const each of parseResources(transition.yaml).filter(isPolicy)) await applyResource(each)
    await isRefused({ app: 'other' })
    await make({ app: 'secure-signing' })
    await removeFormerResources(rendering, [])
    await isRefused({ app: 'secure-signing' })
    await make({ 'secure-signing.dev/protected': 'true' })
  })

  test('of the component network-policy stay unless the new ones have it', async () => {
    const policy = {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
      ...{ metadata: { name: 'deny-all', namespace }, spec: { podSelector: {} } },
    }
    await applyResource(policy)
    expect(await findFormerResources(resources)).toEqual([])
    const [found] = await findFormerResources([...resources, policy])
    expect(found?.metadata.name).toBe('deny-all')
    await kubectl(['delete', 'networkpolicy', 'deny-all', '-n', namespace])
  })
})
