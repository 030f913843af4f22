// The component limits sets the figures of the signer in every layout, and without it there is a note.
import { readFile, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { loadConfig } from '../../../signer/config.ts'
import { readPod } from '../../../tools/analyze/model/pod.ts'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { noteMissingLimits } from '../../../tools/deploy/preflight/missing-limits.ts'
import { composeApplicationValues } from '../../../tools/deploy/render/application-values.ts'
import { renderResources } from '../../../tools/deploy/render/render.ts'
import { limitsSchema } from '../../../tools/kube/application/limits-schema.ts'
import { application } from '../../../tools/kube/application.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { layouts, separatePods } from '../../../tools/kube/layouts.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { describeSample } from '../../support/api-server/sample-values.ts'
import { makeRenderFolder } from '../../support/folder.ts'
import { limitVariables, listLimits } from '../../support/limits.ts'

const linkerd = 'k8s/overlays/linkerd'
const figures = ['200', '1000', '1000000', '200']

/** Renders Linkerd's layout with the component, as docs/layouts.md has users do it. */
async function renderLinkerd(): Promise<Resource[]> {
  const folder = await makeRenderFolder()
  const fromFolder = (path: string) => relative(folder, resolve(CHECKOUT, path))
  // kustomize takes the order only from the outermost file.
  const overlay = parse(await readFile(join(CHECKOUT, linkerd, 'kustomization.yaml'), 'utf8'))
  const kustomization = {
    ...{ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' },
    resources: [fromFolder(linkerd)],
    components: [fromFolder('k8s/components/limits')],
    sortOptions: overlay.sortOptions,
  }
  await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization))
  return parseResources(await kubectl(['kustomize', folder]))
}

const rendered: [string, Resource[], Resource[]][] = [
  ...(await Promise.all(
    layouts.map(async (layout): Promise<[string, Resource[], Resource[]]> => {
      const [without, limited] = await Promise.all([
        renderSample([], layout),
        renderSample(['limits'], layout),
      ])
      return [layout.overlay, without.resources, limited.resources]
    }),
  )),
  [
    'linkerd',
    parseResources(await kubectl(['kustomize', join(CHECKOUT, linkerd)])),
    await renderLinkerd(),
  ],
]

/** Returns what is written to stderr. */
function listNotes(...given: Parameters<typeof noteMissingLimits>): string[] {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  noteMissingLimits(...given)
  const notes = write.mock.calls.map(([text]) => String(text))
  write.mockRestore()
  return notes
}

describe.each(rendered)('the layout %s', (_, without, limited) => {
  test('gets the figures in the container of the signer, and nothing else changes', () => {
    const { containers } = readPod(limited).spec
    expect(listLimits(containers)).toEqual(figures)
    const kept = JSON.parse(JSON.stringify(limited), (key, value) =>
      key === 'env'
        ? value.filter(({ name }: { name: string }) => !limitVariables.includes(name))
        : value,
    )
    expect(kept).toEqual(JSON.parse(JSON.stringify(without)))
  })

  test('gives the signer figures that it accepts', () => {
    const { env = [] } =
      readPod(limited).spec.containers.find(({ name }) => name === 'signer') ?? {}
    const config = loadConfig(Object.fromEntries(env.map(({ name, value }) => [name, value])))
    expect(config.signatureRate).toEqual({ perSecond: 200, burst: 1_000, perDay: 1_000_000 })
    expect(config.verificationRate).toMatchObject({ perSecond: 200, burst: 200 })
  })

  test('has one short note without the component, and none with it', () => {
    expect(listNotes(without)).toEqual([
      "  note  nothing limits what a compromised application can have signed. Add COMPONENTS='limits'\n",
    ])
    expect(listNotes(limited)).toEqual([])
  })
})

test('with separate Pods, our own application has the figures of its section', async () => {
  const folder = await makeRenderFolder()
  const sample = describeSample(['limits'], separatePods)
  const limits = limitsSchema.parse({ signaturesPerSecond: 50, burst: 60 })
  const values = composeApplicationValues({ ...application, limits }, application.port)
  const { yaml } = await renderResources({
    ...{ folder, ...sample, application: { ...sample.application, values } },
  })
  expect(listLimits(readPod(parseResources(yaml)).spec.containers)).toEqual([
    ...['50', '60', '1000000', '200'],
  ])
})

test('the defaults of the section are those of the component', () => {
  const limits = limitsSchema.parse({})
  const { limits: composed } = composeApplicationValues({ ...application, limits }, 1)
  expect(composed).toEqual(
    Object.fromEntries(limitVariables.map((name, at) => [name, figures[at]])),
  )
})

describe('the note', () => {
  const [, without = []] = rendered[0] ?? []

  test('keeps the components that the user named', () => {
    vi.stubEnv('COMPONENTS', 'monitoring vault')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(listNotes(without).join()).toContain(" Add COMPONENTS='monitoring vault limits'\n")
  })

  test('names the variables for files that are not rendered', () => {
    expect(listNotes(without, true).join()).toContain(
      ' Set the variables of k8s/components/limits in its container\n',
    )
  })

  test.each(limitVariables.filter((name) => /SIGNATURES_PER/.test(name)))(
    'is not there with %s alone',
    (name) => {
      const text = JSON.stringify(without).replace('SIGNER_KEY_DIR', name)
      expect(listNotes(JSON.parse(text))).toEqual([])
    },
  )

  test('is not there without a signer, or for what the rules report', () => {
    expect(listNotes([])).toEqual([])
    const text = JSON.stringify(without).replace('"SIGNER_KEY_DIR"', '5')
    expect(listNotes(JSON.parse(text))).toEqual([])
  })
})
