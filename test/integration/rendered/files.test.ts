// The folders mesh/ and k8s/ can be read file by file: one resource each, named by what it is for.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { parseResources } from '../../../tools/kube/resources.ts'

const folders = [
  'mesh',
  'k8s/base',
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
  'k8s/overlays/linkerd',
  'k8s/overlays/linkerd/network-policy',
  'k8s/overlays/separate-pods/components/autoscaling',
]
/** Of kustomize and of kube-state-metrics, and no resources. */
const settings = ['kustomization.yaml', 'parameters.yaml', 'custom-resource-state.yaml']
/** Not whole: it may take away what a resource has. */
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

describe.each(whole)('$folder/$name', ({ folder, name, path }) => {
  test('is one resource', async () => {
    expect(parseResources(await readFile(path, 'utf8'))).toHaveLength(1)
  })

  test('is called what it is', async () => {
    const [resource] = parseResources(await readFile(path, 'utf8'))
    const stem = name.replace(/\.yaml$/, '')
    const kind = resource?.kind
      .replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-')
      .toLowerCase()
    const isPolicy = policyKinds.includes(resource?.kind ?? '')
    // What is cluster-scoped says whose it is; here the folder says it.
    const called = resource?.metadata.name.replace(
      resource.kind.startsWith('ValidatingAdmissionPolicy') ? /^secure-signing-/ : '',
      '',
    )
    const wanted = isPolicy ? [called] : [kind, `${called}-${kind}`]
    expect(wanted).toContain(stem)
  })

  test('says first why it is there', async () => {
    const text = await readFile(path, 'utf8')
    if (folder !== 'k8s/base') expect(text).toMatch(/^# \S.*/)
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
