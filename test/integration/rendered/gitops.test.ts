// examples/gitops: its files give what `make deploy` renders from the same values, and break no rule.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { defaultFindings } from '../../../tools/analyze/default-findings.ts'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { analyzeRendering } from '../../../tools/deploy/apply/istioctl-analyze.ts'
import { parsePrometheusAccount } from '../../../tools/deploy/preflight/prometheus-account.ts'
import { composeClusterValues } from '../../../tools/deploy/render/cluster-values.ts'
import { renderResources } from '../../../tools/deploy/render/render.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { onePod } from '../../../tools/kube/layouts.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { sampleImages, sampleValuesOf } from '../../support/api-server/sample.ts'
import { makeRenderFolder } from '../../support/folder.ts'
import { listTables } from '../../support/pages/pages.ts'

const example = join(CHECKOUT, 'examples/gitops')
const { data: values } = parse(await readFile(join(example, 'cluster-values.yaml'), 'utf8'))

const folder = await makeRenderFolder()

let yaml: string

beforeAll(async () => {
  yaml = await kubectl(['kustomize', example])
})

test('is what make deploy renders from the same values, in the same order, except for the wave', async () => {
  const rendering = await renderResources({
    ...{ folder, layout: onePod, values, components: ['high-availability'] },
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
