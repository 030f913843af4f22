// What version 0.1 named differently is replaced without a moment in which one of its Pods or routes has nothing.
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  bindToFormer,
  findFormerResources,
  removeFormerResources,
} from '../../../tools/deploy/apply/former-resources.ts'
import type { Rendering } from '../../../tools/deploy/render/render.ts'
import { applyResource, kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const groups = {
  Gateway: 'networking.istio.io',
  VirtualService: 'networking.istio.io',
  RequestAuthentication: 'security.istio.io',
}
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
/** The names of version 0.1, by those of this version. */
const toFormer = (yaml: string) =>
  yaml
    .replaceAll(/\bpublic$/gm, 'world')
    .replaceAll('name: authenticate-caller', 'name: verify-caller-token')

describe('the resources of version 0.1', needsLocalPrograms, () => {
  let rendering: Rendering
  let former: Resource[]

  beforeAll(async () => {
    await useBareApiServer()
    rendering = await renderSample()
    const kinds = Object.entries(groups).map(makeKind)
    for (const each of kinds) await kubectl(['create', '-f', '-'], { input: JSON.stringify(each) })
    const names = kinds.map(({ metadata }) => `crd/${metadata.name}`)
    await kubectl(['wait', '--for=condition=established', ...names, '--timeout=30s'])
    await kubectl(['create', 'namespace', namespace])
    former = parseResources(toFormer(rendering.yaml)).filter(isRenamed)
  })
  afterEach(async () => {
    const kinds = Object.keys(groups).join(',')
    await kubectl(['delete', kinds, '--all', '-n', namespace])
  })

  const list = async () => {
    const args = ['get', 'gateways,requestauthentications', '-n', namespace, '-o', 'name']
    return (await kubectl(args))
      .trim()
      .split('\n')
      .map((name) => name.replace(/^.*\//, ''))
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
    const found = await findFormerResources()
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['world', 'verify-caller-token'])

    const transition = await bindToFormer(rendering, found)
    const changed = parseResources(transition.yaml).filter(isRenamed)
    for (const each of changed) await applyResource(each)
    expect(await readGateways()).toEqual(['public', 'world'])
    const both = ['public', 'world', 'authenticate-caller', 'verify-caller-token']
    expect(await list()).toEqual(both)

    await removeFormerResources(rendering, found)
    expect(await readGateways()).toEqual(['public'])
    expect(await list()).toEqual(['public', 'authenticate-caller'])
    expect(await findFormerResources()).toEqual([])
  })

  test('stay if `make deploy` did not apply them', async () => {
    for (const each of former) {
      await kubectl(['create', '-f', '-'], { input: JSON.stringify(each) })
    }
    expect(await findFormerResources()).toEqual([])
    expect(await bindToFormer(rendering, [])).toBe(rendering)
  })

  test('leave the rendering as it is if no Gateway is among them', async () => {
    const tokenRule = former.filter(({ kind }) => kind === 'RequestAuthentication')
    expect(tokenRule).toHaveLength(1)
    expect(await bindToFormer(rendering, tokenRule)).toBe(rendering)
  })
})
