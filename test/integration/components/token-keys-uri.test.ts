// The component token-keys-uri: a second rule with the same checks, whose keys istiod fetches.
import { expect, test } from 'vitest'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { analyzeRendering } from '../../../tools/deploy/apply/istioctl-analyze.ts'
import { renderResources } from '../../../tools/deploy/render/render.ts'
import { meshedLayouts } from '../../../tools/kube/layouts.ts'
import { parseResources } from '../../../tools/kube/resources.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import {
  sampleGateway,
  sampleImages,
  sampleValuesOf,
} from '../../support/api-server/sample-values.ts'
import { makeRenderFolder } from '../../support/folder.ts'
import { composeOwnApplication } from '../../support/own-application.ts'

const tokenKeysUri = 'https://tokens.example/keys'

test.each(meshedLayouts)(
  'adds a rule that differs only in its keys, in the overlay $overlay',
  async (layout) => {
    const values = sampleValuesOf(layout)
    const inline = await renderSample([], layout)
    const both = await renderResources({
      ...{ folder: await makeRenderFolder(), layout, images: sampleImages },
      application: composeOwnApplication(layout),
      cluster: { values: { ...values, tokenKeysUri }, gateway: sampleGateway },
    })
    const resources = parseResources(both.yaml)
    const expected = structuredClone(inline.resources)
    const policy = expected.find(({ kind }) => kind === 'RequestAuthentication')
    const [{ jwks, ...rule }] = Object(policy?.spec).jwtRules
    expect(JSON.parse(jwks).keys).toHaveLength(1)
    expect(rule.issuer).toBe(values.tokenIssuer)
    Object(policy?.spec).jwtRules.push({ ...rule, jwksUri: tokenKeysUri })
    expect(resources).toEqual(expected)
    expect(applyRules(rules, resources)).toEqual([])
    expect(await analyzeRendering(both, 'files')).toEqual([])
  },
)
