// The worked example of docs/gitops.md: its two files give what `make deploy` makes of the same values, and keep every rule.
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
import { sampleValuesOf } from '../../support/api-server/sample.ts'
import { listTables } from '../../support/pages/pages.ts'

const page = await readFile(join(CHECKOUT, 'docs/gitops.md'), 'utf8')
const [kustomization = '', clusterValues = ''] = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(
  ([, text = '']) => text,
)
const { data: values } = parse(clusterValues)

const parent = join(CHECKOUT, '.deploy')
await mkdir(parent, { recursive: true })
const signing = await mkdtempDisposable(join(parent, 'gitops-'))
const deployed = await mkdtempDisposable(join(parent, 'gitops-'))
afterAll(async () => {
  await signing.remove()
  await deployed.remove()
})

let yaml: string

beforeAll(async () => {
  const checkout = relative(signing.path, CHECKOUT)
  const text = kustomization.replaceAll('../secure-signing', checkout)
  await writeFile(join(signing.path, 'kustomization.yaml'), text)
  await writeFile(join(signing.path, 'cluster-values.yaml'), clusterValues)
  yaml = await kubectl(['kustomize', signing.path])
})

test('is what make deploy makes of the same values, in the same order, but for the wave', async () => {
  const rendering = await renderResources({
    ...{ folder: deployed.path, layout: onePod, values, components: ['high-availability'] },
    images: [
      { name: 'frontend', repository: 'registry.example/team/frontend', tag: '0123456789ab' },
      { name: 'signer', repository: 'registry.example/team/signer', tag: 'ba9876543210' },
    ],
  })
  const resources = parseResources(yaml)
  expect(resources.filter(hasWave).map(({ kind }) => kind)).toEqual(['Deployment'])
  expect(resources.map(withoutWave)).toEqual(parseResources(rendering.yaml))
})

test('keeps every rule, and istioctl analyze has no objection', async () => {
  expect(applyRules(rules, parseResources(yaml))).toEqual([])
  const path = join(signing.path, 'rendered.yaml')
  await writeFile(path, yaml)
  expect(await analyzeRendering({ path, yaml }, 'files')).toEqual([])
})

test('has the values of a default installation, but for an example of a key', () => {
  const defaults = composeClusterValues(defaultFindings, onePod, parsePrometheusAccount(undefined))
  expect({ ...values, tokenKeys: '' }).toEqual({ ...defaults, tokenKeys: '' })
})

test('has every value that there is, and the table says where each is to be found', () => {
  const names = Object.keys(sampleValuesOf(onePod))
  expect(Object.keys(values)).toEqual(names)
  const [rows = []] = listTables('docs/gitops.md')
  const told = rows.flatMap(({ value = '' }) => [...value.matchAll(/`(\w+)`/g)])
  expect(told.map(([, name]) => name).toSorted()).toEqual(names.toSorted())
})

function hasWave({ metadata }: Resource): boolean {
  return metadata.annotations?.['argocd.argoproj.io/sync-wave'] !== undefined
}

function withoutWave(resource: Resource): Resource {
  if (!hasWave(resource)) return resource
  const { annotations: _, ...metadata } = resource.metadata
  return { ...resource, metadata }
}
