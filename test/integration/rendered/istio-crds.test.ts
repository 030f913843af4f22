// API servers with Istio's CRDs of several versions accept every Istio resource, and none of its fields under another name.
import { beforeAll, describe, expect, test } from 'vitest'
import { parseComponents } from '../../../tools/deploy/render/components.ts'
import { componentNames } from '../../../tools/kube/application/component-names.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { meshedLayouts } from '../../../tools/kube/layouts.ts'
import { namespace } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Api } from '../../../tools/verify/admission/api-server/api.ts'
import { expectAccepted, expectFixedFields } from '../../support/api-server/accepted.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { installIstioCrds, istioApiVersions } from '../../support/api-server/istio-crds.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

/** Every variant of every Istio resource, of all overlays with no component and with each that they support. */
async function renderVariants(): Promise<Resource[]> {
  const variants = new Map<string, Resource>()
  for (const layout of meshedLayouts) {
    for (const name of ['', ...componentNames]) {
      const components = await parseComponents(name, layout).catch(() => [])
      for (const each of (await renderSample(components, layout)).resources) {
        if (/istio\.io\//.test(each.apiVersion)) variants.set(JSON.stringify(each), each)
      }
    }
  }
  return [...variants.values()]
}

describe('on an API server', needsLocalPrograms, () => {
  let variants: Resource[]
  beforeAll(async () => {
    variants = await renderVariants()
  })

  describe.each(istioApiVersions)('with the CRDs of Istio %s', (version) => {
    let api: Api
    beforeAll(async () => {
      api = (await useBareApiServer()).api
      await installIstioCrds(version)
      await kubectl(['create', 'namespace', namespace])
    })

    test('every resource of all overlays and components is accepted', async () => {
      const kinds = new Set(variants.map(({ kind }) => kind))
      expect([...kinds].toSorted()).toEqual([
        ...['AuthorizationPolicy', 'DestinationRule', 'Gateway', 'PeerAuthentication'],
        ...['RequestAuthentication', 'ServiceEntry', 'Sidecar', 'Telemetry', 'VirtualService'],
      ])
      for (const each of variants) await expectAccepted(api, each)
    })

    test('a misspelled field is refused', async () => {
      for (const each of variants) await expectFixedFields(api, each)
    })
  })
})
