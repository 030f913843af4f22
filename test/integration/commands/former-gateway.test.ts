// The Gateway of version 0.1 is replaced without a moment in which the VirtualService has none.
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  bindToFormer,
  findFormerGateways,
  removeFormerGateways,
} from '../../../tools/deploy/apply/former-gateway.ts'
import type { Rendering } from '../../../tools/deploy/render/render.ts'
import { applyResource, kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

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

describe('the Gateway of version 0.1', needsLocalPrograms, () => {
  let rendering: Rendering
  let former: Resource[]

  beforeAll(async () => {
    await useBareApiServer()
    rendering = await renderSample()
    const kinds = ['Gateway', 'VirtualService'].map(makeKind)
    for (const each of kinds) await kubectl(['create', '-f', '-'], { input: JSON.stringify(each) })
    const names = kinds.map(({ metadata }) => `crd/${metadata.name}`)
    await kubectl(['wait', '--for=condition=established', ...names, '--timeout=30s'])
    await kubectl(['create', 'namespace', namespace])
    former = parseResources(rendering.yaml.replaceAll(/\bpublic$/gm, 'world')).filter(isRoute)
  })
  afterEach(async () => {
    await kubectl(['delete', 'gateways,virtualservices', '--all', '-n', namespace])
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

  test('stays while the VirtualService belongs to both, and is deleted when it belongs to the new one alone', async () => {
    for (const each of former) await applyResource(each)
    expect(await readGateways()).toEqual(['world'])
    const found = await findFormerGateways()
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['world'])

    const transition = await bindToFormer(rendering, found)
    const changed = parseResources(transition.yaml).filter(isRoute)
    for (const each of changed) await applyResource(each)
    expect(await readGateways()).toEqual(['public', 'world'])
    expect(await list()).toEqual([`gateway.${group}/public`, `gateway.${group}/world`])

    await removeFormerGateways(rendering, found)
    expect(await readGateways()).toEqual(['public'])
    expect(await list()).toEqual([`gateway.${group}/public`])
    expect(await findFormerGateways()).toEqual([])
  })

  test('stays if `make deploy` did not apply it', async () => {
    const gateway = former.find(({ kind }) => kind === 'Gateway')
    await kubectl(['create', '-f', '-'], { input: JSON.stringify(gateway) })
    expect(await findFormerGateways()).toEqual([])
    expect(await bindToFormer(rendering, [])).toBe(rendering)
  })
})
