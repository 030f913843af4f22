// Each file of mesh/ and k8s/ has one resource, its name, and its reason on top.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { parseResources } from '../../../tools/kube/resources.ts'

const folders = [
  'mesh',
  'k8s/frontend',
  'k8s/namespace',
  'k8s/admission/pods-stay-restricted',
  'k8s/layouts/linkerd',
  'k8s/layouts/no-mesh',
  'k8s/admission',
  'k8s/components/apparmor',
  'k8s/components/autoscaling',
  'k8s/components/deployer',
  'k8s/components/external-secrets-aws',
  'k8s/components/external-secrets-azure',
  'k8s/components/external-secrets-gcp',
  'k8s/components/high-availability',
  'k8s/components/network-policy',
  'k8s/components/seccomp',
  'k8s/components/selinux',
  'k8s/components/tracing',
  'k8s/external-secrets',
  'k8s/monitoring',
  'k8s/network-policy',
  'k8s/overlays/linkerd/network-policy',
  'k8s/overlays/separate-pods/components/autoscaling',
]
/** Settings of kustomize and kube-state-metrics. */
const settings = [
  ...['kustomization.yaml', 'parameters.yaml', 'custom-resource-state.yaml', 'signing.yaml'],
]
/** A patch is not a whole resource, because it may remove fields. */
const isPatch = (name: string) => name.endsWith('-patch.yaml')
const policyKinds = [
  'AuthorizationPolicy',
  'NetworkPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
]

const files = await Promise.all(
  folders.map(async (folder) =>
    (await readdir(join(CHECKOUT, folder)))
      .filter((name) => name.endsWith('.yaml') && !settings.includes(name))
      .map((name) => ({ folder, name, path: join(CHECKOUT, folder, name) })),
  ),
).then((found) => found.flat())

const whole = files.filter(({ name }) => !isPatch(name))

describe.each(whole)('$folder/$name', ({ name, path }) => {
  test('is one resource', async () => {
    expect(parseResources(await readFile(path, 'utf8'))).toHaveLength(1)
  })

  test('has the name and kind of its resource', async () => {
    const [resource] = parseResources(await readFile(path, 'utf8'))
    const stem = name.replace(/\.yaml$/, '')
    const kind = resource?.kind
      .replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-')
      .toLowerCase()
    const isPolicy = policyKinds.includes(resource?.kind ?? '')
    // A cluster-scoped resource has the project's prefix. In this repository the folder says it.
    const called = resource?.metadata.name.replace(
      resource.kind.startsWith('ValidatingAdmissionPolicy') ? /^secure-signing-/ : '',
      '',
    )
    const wanted = isPolicy ? [called] : [kind, `${called}-${kind}`]
    expect(wanted).toContain(stem)
  })

  test('begins with its reason', async () => {
    const text = await readFile(path, 'utf8')
    // A binding applies the policy beside it, which says why.
    if (!name.endsWith('-binding.yaml')) expect(text).toMatch(/^# \S.*/)
  })
})

test.each(folders)('%s/kustomization.yaml lists every file', async (folder) => {
  const text = await readFile(join(CHECKOUT, folder, 'kustomization.yaml'), 'utf8')
  const { resources, patches = [] } = parse(text)
  const patched = patches.flatMap(({ path = [] }) => path)
  const names = files.filter((file) => file.folder === folder).map(({ name }) => name)
  const own = resources.filter((name: string) => name.endsWith('.yaml'))
  expect([...own, ...patched].toSorted()).toEqual(names.toSorted())
})
