// examples/gitops/orders: its files give what `make deploy CONFIG=examples/flask/signing.yaml` renders, and break no rule.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { makeRenderFolder } from '../../support/folder.ts'

// All modules know the application from the start, as in a program.
process.env.CONFIG = join(CHECKOUT, 'examples/flask/signing.yaml')
const { applyRules } = await import('../../../tools/analyze/rule.ts')
const { rulesOf } = await import('../../../tools/analyze/rules.ts')
const { renderApplication } = await import(
  '../../../tools/deploy/application/render-application.ts'
)
const { renderResources } = await import('../../../tools/deploy/render/render.ts')
const { application } = await import('../../../tools/kube/application.ts')
const { kubectl } = await import('../../../tools/kube/kubectl.ts')
const { onePod } = await import('../../../tools/kube/layouts.ts')
const { describeResource, parseResources } = await import('../../../tools/kube/resources.ts')
const { sampleImages } = await import('../../support/api-server/sample-values.ts')

const example = join(CHECKOUT, 'examples/gitops/orders')
const folder = await makeRenderFolder()
const rendered = parseResources(await kubectl(['kustomize', example]))

/** Without an order, which kustomize gives to resources of one kind by their files. */
const byName = (resources: readonly Resource[]) =>
  Object.fromEntries(
    resources.map((each) => [`${describeResource(each)} ${each.metadata.namespace ?? ''}`, each]),
  )

test('is what make deploy renders from the same values', async () => {
  const text = await readFile(join(example, 'cluster-values.yaml'), 'utf8')
  const [values, gatewayValues] = parseResources(text)
  const { yaml } = await renderResources({
    ...{ folder, layout: onePod, images: sampleImages },
    application: await renderApplication(application, {
      ...{ folder: join(folder, 'application'), layout: onePod, components: [] },
    }),
    cluster: {
      values: Object(values).data,
      gateway: { component: 'k8s/gateways/own', values: Object(gatewayValues).spec },
    },
  })
  expect(rendered.length).toBeGreaterThan(25)
  expect(byName(rendered)).toEqual(byName(parseResources(yaml)))
})

test('breaks no rule', () => {
  expect(applyRules(rulesOf(onePod), rendered)).toEqual([])
})

test('applies the Pods last, and the admission policies first', () => {
  expect(rendered.at(0)?.kind).toBe('ValidatingAdmissionPolicy')
  expect(rendered.at(-1)?.kind).toBe('Deployment')
})
