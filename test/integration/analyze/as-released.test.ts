// Single changes of what has to be exactly what we ship: `make analyze` notices each, unless it has no meaning.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSubject } from '../../../tools/analyze/read-subject.ts'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { asReleasedRule } from '../../../tools/analyze/rules/as-released-rule.ts'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import {
  describeResource,
  formatResources,
  parseResources,
  type Resource,
} from '../../../tools/kube/resources.ts'
import { createRandom } from '../../support/audit/mutations.ts'
import { makeFolder } from '../../support/folder.ts'
import { changeHarmlessly, harmless } from '../../support/mutations/legitimate/exact.ts'
import { listMutations, sampleMutations } from '../../support/mutations/list-mutations.ts'
import type { Mutation } from '../../support/mutations/mutation.ts'
import { createNotice } from '../../support/mutations/noticed.ts'
import { listExact, renderShipment, shipments } from '../../support/mutations/renderings.ts'

const seed = 26
const sampleSize = 100
const [all = '', ...sampled] = Object.keys(shipments)
const check = (resources: readonly Resource[]) => applyRules([asReleasedRule], resources)
const gitops = async (folder: string) =>
  parseResources(await kubectl(['kustomize', join(CHECKOUT, 'examples/gitops', folder)]))

/** Why a change goes unnoticed. */
const withoutMeaning: readonly (readonly [change: RegExp, reason: string])[] = [
  [
    / metadata\.(labels|annotations)(?!.* set to)/,
    'no decision depends on it, and GitOps tools add theirs',
  ],
  [/ spec\.validations\[\d+\]\.message/, 'only the text of a refusal changes'],
  [/ spec\.failurePolicy Fail deleted$/, 'Fail is the default'],
  [
    /^Validating.* metadata\.namespace set to "other"$/,
    'the API server has no policies in a namespace, and refuses it',
  ],
]
const inSharedNamespace = /pods-stay-restricted spec\.matchConditions\[1\] .* deleted$/ // more Pods are refused

/** Returns the names of those that nothing notices. Each finding has to name the changed resource. */
function listUnnoticed(mutations: readonly Mutation[]): string[] {
  const unnoticed = mutations.filter(
    ({ resources, resource }) =>
      !check(resources()).some(({ message }) => message.includes(resource.metadata.name)),
  )
  return unnoticed.map(({ name }) => name)
}

function listUnexplained(names: readonly string[]): string[] {
  return names.filter((name) => !withoutMeaning.some(([change]) => change.test(name)))
}

test(`every change of the overlay ${all} that has a meaning is noticed`, async () => {
  const resources = await renderShipment(all)
  const mutations = listMutations(resources, listExact(resources))
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length)
  expect(mutations.length).toBeGreaterThan(3_000)
  const unnoticed = listUnnoticed(mutations)
  expect(listUnexplained(unnoticed)).toEqual([])
  for (const [change, reason] of withoutMeaning) {
    expect(
      unnoticed.filter((name) => change.test(name)),
      reason,
    ).not.toEqual([])
  }
})

test.each(sampled)(
  `${sampleSize} changes of %s: each that has a meaning is noticed`,
  async (name) => {
    const resources = await renderShipment(name)
    expect(check(resources)).toEqual([])
    const mutations = listMutations(resources, listExact(resources))
    const found = listUnexplained(listUnnoticed(sampleMutations(mutations, sampleSize, seed)))
    expect(found.filter((each) => !inSharedNamespace.test(each))).toEqual([])
  },
)

test.each([
  ['seccomp', /^DaemonSet\/seccomp-profiles \S+resources\.limits\.memory 96Mi deleted$/],
  ['apparmor', /^DaemonSet\/apparmor-profiles \S+resources \S+ deleted$/],
  ['seccomp', /^Namespace\/seccomp-profiles metadata\.labels\.istio-injection disabled → enabled$/],
  ['apparmor', /^Namespace\/apparmor-profiles metadata\.labels\.istio-injection .* enabled$/],
  ['high-availability', /^Deployment\S+ \S+proxyMemoryLimit\] 1Gi deleted$/],
])('%s: a container that loses its limits or gets a proxy is noticed: %s', async (name, change) => {
  const resources = await renderShipment(name)
  const mutations = listMutations(resources).filter((each) => change.test(each.name))
  expect(mutations).toHaveLength(1)
  const found = createNotice(resources, true)(mutations[0]?.resources() ?? [])
  expect(found).toHaveLength(1)
})

test('all policies, all bindings or the whole allow-list: left out, or without effect', async () => {
  const resources = await renderShipment(all)
  const without = (kind: RegExp) => check(resources.filter((each) => !kind.test(each.kind)))
  expect(without(/^ValidatingAdmissionPolicy$/)).toHaveLength(6)
  expect(without(/^ValidatingAdmissionPolicyBinding$/)).toHaveLength(6)
  expect(without(/^ValidatingAdmissionPolicy(Binding)?$/)).toHaveLength(12)
  const audited = resources.map((each) =>
    each.kind === 'ValidatingAdmissionPolicyBinding'
      ? { ...each, spec: { ...Object(each.spec), validationActions: ['Audit'] } }
      : each,
  )
  expect(check(audited)).toHaveLength(6)
  const empty = resources.map((each) =>
    each.metadata.name === 'envoy-admin-allowlist' ? { ...each, data: {} } : each,
  )
  expect(check(empty)).toHaveLength(1)
})

test('a finding says the resource, the path, both values, what it opens and what to do', async () => {
  const resources = await renderShipment(all)
  const change = resources.map((each) =>
    each.metadata.name === 'secure-signing-key-stays-in-signer' && /Binding$/.test(each.kind)
      ? { ...each, spec: { ...Object(each.spec), validationActions: ['Audit'] } }
      : each,
  )
  expect(check(change)).toMatchObject([
    {
      path: ['spec', 'validationActions'],
      message:
        'ValidatingAdmissionPolicyBinding/secure-signing-key-stays-in-signer spec.validationActions: found [Audit], shipped [Deny,Audit]. Without Deny, the API server accepts what the policy rejects. Run `make deploy` of this version, or remove the edit',
    },
  ])
})

test('a path more in the allow-list is named by its place', async () => {
  const resources = await renderShipment(all)
  const allowed = [{ prefix: '/stats' }, { exact: '/ready' }, { prefix: '/drain_listeners' }]
  const admin = { allow_paths: [...allowed, { prefix: '/config_dump' }] }
  const opened = resources.map((each) =>
    each.metadata.name === 'envoy-admin-allowlist'
      ? { ...each, data: { 'custom_bootstrap.json': JSON.stringify({ admin }) } }
      : each,
  )
  expect(check(opened).map(({ message }) => message)).toEqual([
    expect.stringContaining(
      'data[custom_bootstrap.json].admin.allow_paths[3]: found {prefix:/config_dump}, shipped nothing. Each container of the Pod can call what this opens',
    ),
  ])
})

/** Each is changed in the ConfigMap and in the policy, because kustomize copies it. */
test.each([
  ['quote', (text: string) => text.replaceAll('-----BEGIN', "' + '-----BEGIN")],
  ['plain HTTP', (text: string) => text.replaceAll('https://keys.example', 'http://keys.example')],
  ['another destination', (text: string) => text.replaceAll('/run/key/keys.json', '/tmp/keys')],
  ['a sink', (text: string) => text.replaceAll('template_config {', 'sink {}\ntemplate_config {')],
])('with Vault, %s in the start-up text of the agent is noticed', async (_, spoil) => {
  const resources = await renderShipment('vault')
  const spoilt: Resource[] = JSON.parse(JSON.stringify(resources), (_, value) =>
    typeof value === 'string' ? spoil(value) : value,
  )
  expect(spoilt).not.toEqual(resources)
  const found = check(spoilt).map(({ message }) => message)
  expect(found.join()).toContain('ConfigMap/vault-agent')
})

test('policies of another version are one finding each, which names the version', async () => {
  const resources = (await renderShipment(all)).map((each): Resource => {
    const { labels } = each.metadata
    const metadata = {
      ...each.metadata,
      labels: { ...labels, 'app.kubernetes.io/version': '0.1.0' },
    }
    if (each.kind !== 'ValidatingAdmissionPolicy') return { ...each, metadata }
    const { validations, ...spec } = Object(each.spec)
    const older = { ...spec, validations: [{ expression: 'true' }, ...validations.slice(2)] }
    return { ...each, metadata, spec: older }
  })
  const found = check(resources.slice(1)).map(({ message }) => message)
  expect(found).toHaveLength(6)
  expect(found[0]).toContain('is missing. The others are of version 0.1.0.')
  for (const each of found.slice(1)) {
    expect(each).toMatch(
      / is of version 0\.1\.0, and this is \d+\.\d+\.\d+: \d+ parts differ, the first is /,
    )
    expect(each).toContain(
      'Use `make analyze` of version 0.1.0, or run `make deploy` of this version',
    )
  }
})

describe('a resource without a namespace', () => {
  const place = (resource: Resource, namespace: string | undefined): Resource => ({
    ...resource,
    metadata: { ...resource.metadata, namespace },
  })
  const placed = ({ metadata }: Resource) => metadata.namespace === 'signing'

  test.each(Object.entries(shipments))(
    'beside others of %s is one finding. If none has one, all is fine',
    async (name, { isMeshed }) => {
      const resources = await renderShipment(name)
      const notice = createNotice(resources, isMeshed)
      for (const each of resources.filter(placed)) {
        const found = notice(resources.with(resources.indexOf(each), place(each, undefined)))
        expect(found.map(({ message }) => message)).toEqual([
          `${describeResource(each)} metadata.namespace: found nothing, shipped "signing". Without it, the resource goes to the current namespace of the user who applies it. Run \`make deploy\` of this version, or remove the edit`,
        ])
      }
      const none = resources.map((each) => (placed(each) ? place(each, undefined) : each))
      expect(notice(none)).toEqual([])
      const theirs = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs' } }
      expect(notice([...none, place(theirs, 'signing')])).toEqual([])
    },
  )

  test.each([undefined, ''])('is found in a file with the namespace %j', async (namespace) => {
    const read = async (change: (resource: Resource) => Resource) => {
      const folder = await makeFolder()
      const yaml = formatResources((await renderShipment(all)).map(change))
      await writeFile(join(folder, 'all.yaml'), yaml)
      return check((await readSubject(folder, await makeFolder())).resources)
    }
    const found = await read((each) => (each.kind === 'Sidecar' ? place(each, namespace) : each))
    expect(found).toMatchObject([
      { resource: { kind: 'Sidecar' }, path: ['metadata', 'namespace'] },
    ])
    expect(await read((each) => (placed(each) ? place(each, namespace) : each))).toEqual([])
  })
})

describe('no false alarm', () => {
  test('for 500 changes without meaning, alone and together', async () => {
    const random = createRandom(seed)
    const rendered = await Promise.all(Object.keys(shipments).map(renderShipment))
    const made = new Set<string>()
    for (let index = 0; index < 500; index += 1) {
      const { names, resources } = changeHarmlessly(rendered[index % rendered.length] ?? [], random)
      for (const name of names) made.add(name)
      expect(check(resources), names.join()).toEqual([])
    }
    expect([...made].toSorted()).toEqual(Object.keys(harmless).toSorted())
  })

  test('for two applications in one folder. A change of either is noticed', async () => {
    const [ours, theirs] = await Promise.all(['.', 'orders'].map(gitops))
    const resources = [...(ours ?? []), ...(theirs ?? [])]
    expect(check(resources)).toEqual([])
    const mutations = listMutations(resources, listExact(resources))
    expect(listUnexplained(listUnnoticed(sampleMutations(mutations, sampleSize, seed)))).toEqual([])
  })

  test('for resources without the Pod', async () => {
    for (const name of Object.keys(shipments)) {
      const exact = listExact(await renderShipment(name))
      expect(check(exact.slice(1)), name).toEqual([])
    }
  })
})
