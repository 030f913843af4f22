// examples/gitops: its files give what `make deploy` renders from the same values, and break no rule.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { defaultFindings } from '../../../tools/analyze/default-findings.ts'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { analyzeRendering } from '../../../tools/deploy/apply/istioctl-analyze.ts'
import { parsePrometheusAccount } from '../../../tools/deploy/preflight/prometheus-account.ts'
import { composeClusterValues } from '../../../tools/deploy/render/cluster-values.ts'
import { composeGatewayValues } from '../../../tools/deploy/render/gateway-values.ts'
import { renderResources } from '../../../tools/deploy/render/render.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { onePod } from '../../../tools/kube/layouts.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { sampleImages, sampleValuesOf } from '../../support/api-server/sample-values.ts'
import { makeRenderFolder } from '../../support/folder.ts'
import { composeOwnApplication } from '../../support/own-application.ts'
import { listTables } from '../../support/pages/pages.ts'

const example = join(CHECKOUT, 'examples/gitops')
const readExample = async (name: string) => readFile(join(example, name), 'utf8')
const [valuesMap, gatewayValues] = parseResources(await readExample('cluster-values.yaml'))
const values = Object(valuesMap).data

const folder = await makeRenderFolder()

let yaml: string

beforeAll(async () => {
  yaml = await kubectl(['kustomize', example])
})

test('is what make deploy renders from the same values, in the same order, except for the wave', async () => {
  const rendering = await renderResources({
    ...{ folder, layout: onePod, components: ['high-availability'] },
    application: composeOwnApplication(onePod),
    cluster: {
      values,
      gateway: { component: 'k8s/gateways/own', values: Object(gatewayValues).spec },
    },
    images: sampleImages,
  })
  const resources = parseResources(yaml)
  expect(resources.filter(hasWave).map(({ kind }) => kind)).toEqual(['Deployment'])
  expect(resources.map(withoutWave)).toEqual(parseResources(rendering.yaml))
})

test('breaks no rule, and istioctl analyze reports nothing', async () => {
  expect(applyRules(rules, parseResources(yaml))).toEqual([])
  const path = join(folder, 'example.yaml')
  await writeFile(path, yaml)
  expect(await analyzeRendering({ path, yaml }, 'files')).toEqual([])
})

test('has the values of a default installation, except for the example key', () => {
  const defaults = composeClusterValues(defaultFindings, onePod, parsePrometheusAccount(undefined))
  expect({ ...values, tokenKeys: '' }).toEqual({ ...defaults, tokenKeys: '' })
  const { route, trustDomain } = defaultFindings
  expect(gatewayValues?.spec).toEqual(composeGatewayValues(route, trustDomain))
})

test('of the version before, without gateway values, gives the same resources', async () => {
  const old = await makeRenderFolder()
  const kustomization = (await readExample('kustomization.yaml')).replace(
    /^ {2}- \S+gateways.own.*\n/m,
    '',
  )
  expect(kustomization).not.toContain('gateways')
  await writeFile(join(old, 'kustomization.yaml'), kustomization)
  const [oldValues] = (await readExample('cluster-values.yaml')).split('---\n')
  expect(oldValues).not.toContain('GatewayValues')
  await writeFile(join(old, 'cluster-values.yaml'), oldValues ?? '')
  expect(await kubectl(['kustomize', old])).toBe(yaml)
})

test('has every value, and the table says where to find each', () => {
  const names = Object.keys(sampleValuesOf(onePod))
  expect(Object.keys(values)).toEqual(names)
  const [rows = []] = listTables('examples/gitops/README.md')
  const named = rows.flatMap(({ value = '' }) => [...value.matchAll(/`(\w+)`/g)])
  expect(named.map(([, name]) => name).toSorted()).toEqual(names.toSorted())
})

function hasWave({ metadata }: Resource): boolean {
  return metadata.annotations?.['argocd.argoproj.io/sync-wave'] !== undefined
}

function withoutWave(resource: Resource): Resource {
  if (!hasWave(resource)) return resource
  const { annotations: _, ...metadata } = resource.metadata
  return { ...resource, metadata }
}
