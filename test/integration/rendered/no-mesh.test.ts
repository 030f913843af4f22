// The overlay no-mesh: nothing of a mesh is left, and the rules of its Pod find what opens it.
import { describe, expect, test } from 'vitest'
import { readPod } from '../../../tools/analyze/model/pod.ts'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rulesOf } from '../../../tools/analyze/rules.ts'
import { parseComponents } from '../../../tools/deploy/render/components.ts'
import { componentNames } from '../../../tools/kube/application/component-names.ts'
import { noMesh } from '../../../tools/kube/layouts.ts'
import { describeResource, type Resource } from '../../../tools/kube/resources.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { listUnlabelled } from '../../support/labels.ts'
import { applyChange, type Change } from '../../support/mistakes/mistakes.ts'

const rules = rulesOf(noMesh)
const { resources } = await renderSample([], noMesh)
const names = resources.map(describeResource)
/** What injection reads the labels and annotations of. */
const isInjected = ({ kind }: Resource) => kind === 'Namespace' || kind === 'Deployment'

/** The components that OVERLAY=no-mesh supports. */
const supported: string[] = []
const refused: string[] = []
for (const name of componentNames) {
  const isSupported = await parseComponents(name, noMesh).then(
    () => true,
    () => false,
  )
  ;(isSupported ? supported : refused).push(name)
}

test('breaks no rule', () => {
  expect(applyRules(rules, resources)).toEqual([])
  expect(listUnlabelled(resources)).toEqual([])
})

test('has no resource of a mesh, and nothing by which one injects a proxy', () => {
  expect(resources.filter(({ apiVersion }) => /istio|linkerd/.test(apiVersion))).toEqual([])
  const { metadata } = readPod(resources)
  const places = [...resources.filter(isInjected).map((each) => each.metadata), metadata]
  const found = places.flatMap(({ labels, annotations }) =>
    Object.entries({ ...labels, ...annotations }).filter(([key]) => /istio|linkerd/.test(key)),
  )
  // Of the Pod: Istio leaves it alone in a namespace that it injects into.
  expect(found).toEqual([['sidecar.istio.io/inject', 'false']])
})

test('keeps the admission policies, which come first, and the Deployment comes last', () => {
  expect(names).toContain('ValidatingAdmissionPolicy/secure-signing-key-stays-in-signer')
  expect(names).toContain('ValidatingAdmissionPolicy/secure-signing-no-way-into-signer')
  expect(names[0]).toMatch(/^ValidatingAdmissionPolicy\//)
  expect(names.at(-1)).toBe('Deployment/secure-signing')
})

test('the Pod has no token, and each volume is for one purpose', () => {
  const { spec } = readPod(resources)
  expect(spec.automountServiceAccountToken).toBe(false)
  expect(spec.volumes.map(({ name }) => name).toSorted()).toEqual([
    'hmac-key',
    'pairing',
    'signer-freeze',
    'signer-socket',
  ])
})

const pod = 'Deployment/secure-signing'
const containers = 'spec.template.spec.containers'
const socket = { name: 'signer-socket', mountPath: '/run/signer', readOnly: true }
const third = { name: 'third', image: 'registry.example/third:1' }
const token = { serviceAccountToken: { audience: 'signer', path: 'token' } }
const mistakes: readonly [mistake: string, rule: string, change: Change][] = [
  [
    'another container at the socket',
    'socket-mount',
    [pod, `${containers}.+`, { ...third, volumeMounts: [socket] }],
  ],
  [
    'another container with the pairing secret',
    'pairing-mount',
    [pod, `${containers}.+`, { ...third, volumeMounts: [{ ...socket, name: 'pairing' }] }],
  ],
  [
    'a caller token, which nobody verifies',
    'caller-token',
    [pod, 'spec.template.spec.volumes.+', { name: 'token', projected: { sources: [token] } }],
  ],
]

test.each(mistakes)('make analyze finds %s (%s)', (_, rule, change) => {
  expect(applyRules(rules, applyChange(resources, change)).map((each) => each.rule)).toContain(rule)
})

test('make analyze finds a frontend that can replace the socket', () => {
  const { containers: all } = readPod(resources).spec
  const frontend = all.findIndex(({ name }) => name === 'frontend')
  const mount = all[frontend]?.volumeMounts.findIndex(({ name }) => name === 'signer-socket')
  const path = `${containers}.${frontend}.volumeMounts.${mount}.readOnly`
  expect(applyRules(rules, applyChange(resources, [pod, path, false]))).toMatchObject([
    { rule: 'socket-mount', message: 'frontend can write the socket: set readOnly to true' },
  ])
})

describe('components', () => {
  test('of Istio, and those whose profile allows no socket, are refused', () => {
    expect(refused).toEqual(['apparmor', 'monitoring', 'seccomp', 'selinux', 'tracing', 'vault'])
  })

  test.each(supported)('%s breaks no rule, and adds nothing of a mesh', async (name) => {
    const sample = await renderSample([name], noMesh)
    expect(applyRules(rules, sample.resources)).toEqual([])
    expect(sample.resources.filter(({ apiVersion }) => /istio/.test(apiVersion))).toEqual([])
    expect(listUnlabelled(sample.resources)).toEqual([])
  })
})

test('network-policy allows the application’s port to labelled namespaces, DNS, and nothing else', async () => {
  const sample = await renderSample(['network-policy'], noMesh)
  const policies = sample.resources.filter(({ kind }) => kind === 'NetworkPolicy')
  const rules = policies.map(({ metadata, spec }) => [metadata.name, Object(spec)])
  const { 'signer-deny-all': deny, 'signer-allow-dns': dns, ...others } = Object.fromEntries(rules)
  expect(deny.policyTypes).toEqual(['Ingress', 'Egress'])
  expect(dns.policyTypes).toEqual(['Egress'])
  const from = [{ namespaceSelector: { matchLabels: { 'secure-signing.dev/calls': 'true' } } }]
  const podSelector = { matchLabels: { 'secure-signing.dev/protected': 'true' } }
  expect(readPod(sample.resources).metadata.labels).toMatchObject(podSelector.matchLabels)
  expect(others).toEqual({
    'signer-allow-clients': {
      podSelector,
      policyTypes: ['Ingress'],
      ingress: [{ from, ports: [{ port: 8080, protocol: 'TCP' }] }],
    },
  })
})
