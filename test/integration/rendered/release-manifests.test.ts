// The manifests of a release: a folder that kubectl applies by itself, once its user has filled in the values of the cluster.
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rulesOf } from '../../../tools/analyze/rules.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { findPlaceholders } from '../../../tools/deploy/preflight/placeholders.ts'
import { renderResources } from '../../../tools/deploy/render/render.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { layouts, noMesh, onePod, separatePods } from '../../../tools/kube/layouts.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources } from '../../../tools/kube/resources.ts'
import { listOverlays, writeManifests } from '../../../tools/release/manifests.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { installIstioCrds } from '../../support/api-server/istio-crds.ts'
import { sampleImages, sampleValuesOf } from '../../support/api-server/sample-values.ts'
import { makeFolder, makeRenderFolder } from '../../support/folder.ts'
import { composeOwnApplication } from '../../support/own-application.ts'
import { fillIn } from '../../support/release/filled-manifests.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const images = sampleImages.map((image, at) => ({
  ...image,
  index: { digest: `sha256:${String(at).repeat(64)}` },
}))
/** As it is released, and with the values of a cluster. Both are outside of the checkout. */
const released = join(await makeFolder(), 'manifests')
const filled = join(await makeFolder(), 'manifests')
const kustomize = (folder: string) => tryRun('kubectl', ['kustomize', folder])

beforeAll(async () => {
  await writeManifests(released, images)
  await cp(released, filled, { recursive: true })
  for (const layout of [onePod, separatePods]) {
    // The manifests have the trust domain cluster.local.
    const gatewayPrincipal = 'cluster.local/ns/edge-system/sa/edge-gateway'
    await fillIn(join(filled, layout.overlay), { ...sampleValuesOf(layout), gatewayPrincipal })
  }
})

test('are for every layout, and for Linkerd', async () => {
  const overlays = [...layouts.map(({ overlay }) => overlay), 'linkerd']
  expect(await listOverlays()).toEqual(overlays.toSorted())
})

test('consist of files alone', async () => {
  const entries = await readdir(released, { recursive: true, withFileTypes: true })
  expect(entries.filter((entry) => !entry.isFile() && !entry.isDirectory())).toEqual([])
})

test.each([
  ['default', 'data.gatewayPrincipal'],
  ['separate-pods', 'data.gatewayPrincipal'],
  ['linkerd', 'data.serviceAccount'],
])('%s stops kubectl until every value is filled in, and names it', async (overlay, missing) => {
  const { code, stdout, stderr } = await kustomize(join(released, overlay))
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain(`fieldPath \`${missing}\` is missing`)
})

test.each(['tokenIssuer', 'tokenKeys', 'requestPrincipal', 'gatewayPrincipal', 'principals'])(
  'kubectl stops without %s',
  async (name) => {
    const folder = join(await makeFolder(), 'manifests')
    await cp(filled, folder, { recursive: true })
    const file = join(folder, 'default/cluster-values.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace(new RegExp(`^ {2}(?=${name}:)`, 'm'), '  # '))
    const { code, stderr } = await kustomize(join(folder, 'default'))
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`fieldPath \`(data|spec).${name}\` is missing`))
  },
)

describe.each([onePod, separatePods, noMesh])('$overlay', (layout) => {
  const { overlay } = layout

  test('is what make deploy renders from the same values, with digests in the place of tags', async () => {
    const folder = await makeRenderFolder()
    const text = layout.isMeshed
      ? await readFile(join(filled, overlay, 'cluster-values.yaml'), 'utf8')
      : ''
    const [values, gatewayValues] = parseResources(text)
    const { yaml } = await renderResources({
      ...{ folder, layout, application: composeOwnApplication(layout), images: sampleImages },
      cluster: layout.isMeshed
        ? {
            values: Object(values).data,
            gateway: { component: 'k8s/gateways/own', values: Object(gatewayValues).spec },
          }
        : undefined,
    })
    let expected = yaml
    for (const { repository, tag, index } of images) {
      expected = expected.replaceAll(`${repository}:${tag}`, `${repository}@${index.digest}`)
    }
    const { stdout } = await kustomize(join(filled, overlay))
    expect(parseResources(stdout)).toEqual(parseResources(expected))
  })

  test('breaks no rule, and the Pods come last', async () => {
    const resources = parseResources((await kustomize(join(filled, overlay))).stdout)
    expect(applyRules(rulesOf(layout), resources)).toEqual([])
    expect(findPlaceholders(resources)).toEqual([])
    const kinds = resources.map(({ kind }) => kind)
    expect(kinds.indexOf('Deployment')).toBeGreaterThan(kinds.length - 3)
    expect(kinds[0]).toBe('ValidatingAdmissionPolicy')
  })
})

test('optional components build, in the order in which they are listed', async () => {
  for (const overlay of ['default', 'separate-pods', 'no-mesh']) {
    const file = join(filled, overlay, 'kustomization.yaml')
    const text = await readFile(file, 'utf8')
    // The keys come from a URL only with one more value.
    const all = text.replaceAll(/^ {2}# (- \S+)(?= *$)/gm, '  $1')
    expect(all).not.toBe(text)
    await writeFile(file, all)
    const { code, stdout, stderr } = await kustomize(join(filled, overlay))
    await writeFile(file, text)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('kind: HorizontalPodAutoscaler')
  }
})

describe('on an API server', needsLocalPrograms, () => {
  test('kubectl applies all of it, on the server side and as usual, and the image has its digest', async () => {
    await useBareApiServer()
    await installIstioCrds('1.31.0-rc.0.0.20260824154656-b943409680a7')
    const folder = join(filled, 'default')
    const owner = ['--server-side', '--field-manager=secure-signing']
    await kubectl(['apply', ...owner, '-k', folder])
    expect(await kubectl(['apply', ...owner, '-k', folder])).not.toMatch(/created|configured/)
    const path = '{.spec.template.spec.containers[*].image}'
    const args = ['get', 'deployment', 'secure-signing', '-n', namespace, '-o', `jsonpath=${path}`]
    expect((await kubectl(args)).split(' ').toSorted()).toEqual(
      images.map(({ repository, index }) => `${repository}@${index.digest}`),
    )
    await kubectl(['apply', '-k', folder])
  })
})
