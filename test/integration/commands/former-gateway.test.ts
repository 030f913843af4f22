// The Gateway of version 0.1 is replaced without a moment in which the VirtualService has none.
import { existsSync } from 'node:fs'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { applyResources } from '../../../tools/deploy/apply/apply.ts'
import {
  bindToFormer,
  findFormerGateways,
  removeFormerGateways,
} from '../../../tools/deploy/apply/former-gateway.ts'
import type { Rendering } from '../../../tools/deploy/render/render.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { PKI } from '../../../tools/local-cluster/paths.ts'
import { startBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { renderSample } from '../../support/api-server/sample.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const canStart = existsSync(PKI)
if (!canStart) console.warn("skipped: an API server is started with the local cluster's programs")

const group = 'networking.istio.io'
const makeKind = (kind: string) => {
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
const isRoute = ({ kind }: Resource) => kind === 'Gateway' || kind === 'VirtualService'

describe.skipIf(!canStart)('the Gateway of version 0.1', () => {
  let server: Awaited<ReturnType<typeof startBareApiServer>>
  let rendering: Rendering
  let former: Resource[]

  beforeAll(async () => {
    server = await startBareApiServer()
    vi.stubEnv('KUBECONFIG', server.kubeconfig)
    rendering = await renderSample()
    const kinds = ['Gateway', 'VirtualService'].map(makeKind)
    for (const each of kinds) await kubectl(['create', '-f', '-'], { input: JSON.stringify(each) })
    const names = kinds.map(({ metadata }) => `crd/${metadata.name}`)
    await kubectl(['wait', '--for=condition=established', ...names, '--timeout=30s'])
    await kubectl(['create', 'namespace', namespace])
    former = parseResources(rendering.yaml.replaceAll(/\bpublic$/gm, 'world')).filter(isRoute)
  })
  beforeEach(() => {
    vi.stubEnv('KUBECONFIG', server.kubeconfig)
  })
  afterEach(async () => {
    await kubectl(['delete', 'gateways,virtualservices', '--all', '-n', namespace])
    vi.unstubAllEnvs()
  })
  const list = async () => {
    const args = ['get', 'gateways', '-n', namespace, '-o', 'name']
    return (await kubectl(args)).trim().split('\n').toSorted()
  }
  const readGateways = async () => {
    const path = 'jsonpath={.spec.gateways}'
    return JSON.parse(
      await kubectl(['get', 'virtualservice', 'frontend', '-n', namespace, '-o', path]),
    )
  }

  test('is there until the VirtualService belongs to both, and then to the new one alone', async () => {
    await applyResources(former)
    expect(await readGateways()).toEqual(['world'])
    const found = await findFormerGateways()
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['world'])

    const transition = await bindToFormer(rendering, found)
    await applyResources(parseResources(transition.yaml).filter(isRoute))
    expect(await readGateways()).toEqual(['public', 'world'])
    expect(await list()).toEqual([`gateway.${group}/public`, `gateway.${group}/world`])

    await removeFormerGateways(rendering, found)
    expect(await readGateways()).toEqual(['public'])
    expect(await list()).toEqual([`gateway.${group}/public`])
    expect(await findFormerGateways()).toEqual([])
  })

  test('is somebody else’s if `make deploy` has not applied it, and stays', async () => {
    const gateway = former.find(({ kind }) => kind === 'Gateway')
    await kubectl(['create', '-f', '-'], { input: JSON.stringify(gateway) })
    expect(await findFormerGateways()).toEqual([])
    expect(await bindToFormer(rendering, [])).toBe(rendering)
  })
})
