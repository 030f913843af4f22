// Frontend and signer as two Deployments, OVERLAY=separate-pods: what is rendered keeps every rule of `make analyze`, each in the
// form that is for two Pods, and would be noticed to break it.
import { readFile, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyRules } from '../../analyze/rule.ts'
import { rules } from '../../analyze/rules.ts'
import { analyzeRendering } from '../../deploy/analyze.ts'
import { layouts, onePod, overlayFolder, parseOverlay, separatePods } from '../../deploy/layouts.ts'
import type { Rendering } from '../../deploy/render.ts'
import { parseResources, type Resource } from '../../deploy/resources.ts'
import { applyChange, type Change } from './mistakes.ts'
import { renderSample, sampleFactsOf } from './sample.ts'

const root = resolve(import.meta.dirname, '../..')
const template = 'spec.template.spec'
/** Of either. */
const container = `${template}.containers.0`
const principals = 'spec.rules.0.from.0.source.principals'
const annotations = 'spec.template.metadata.annotations'
const mount = (name: string) => ({ name, mountPath: '/x', readOnly: true })
const token = { serviceAccountToken: { audience: 'signer', expirationSeconds: 600 } }
const job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'job', namespace: 'signing' },
  spec: { template: { spec: { serviceAccountName: 'frontend', containers: [] } } },
}

/** What is careless in two Pods and may not be in one, or is looked for in another place. */
const mistakes: readonly [rule: string, mistake: string, change: Change][] = [
  [
    'key-elsewhere',
    "the key in the frontend's Pod",
    [
      'Deployment/frontend',
      `${template}.volumes.+`,
      { name: 'hmac-key', secret: { secretName: 'hmac-key' } },
    ],
  ],
  [
    'key-environment',
    "the key in the frontend's environment",
    ['Deployment/frontend', `${container}.envFrom`, [{ secretRef: { name: 'hmac-key' } }]],
  ],
  [
    'caller-token',
    "a caller token in the signer's Pod",
    ['Deployment/signer', `${template}.volumes.+`, { name: 't', projected: { sources: [token] } }],
  ],
  [
    'caller-token',
    'a frontend without its token',
    ['Deployment/frontend', `${container}.volumeMounts`, []],
  ],
  [
    'pairing-mount',
    'a frontend that is not told',
    ['Deployment/frontend', `${container}.env.1`, { name: 'OTHER', value: 'x' }],
  ],
  [
    'pairing-mount',
    'a signer with a secret for itself',
    ['Deployment/signer', `${container}.env.0.value`, '/run/pairing'],
  ],
  [
    'pairing-mount',
    'a signer that serves another',
    ['Deployment/signer', `${container}.env.1.value`, 'spiffe://mesh.example/ns/signing/sa/signer'],
  ],
  [
    'pairing-mount',
    'a signer that is told of nobody',
    ['Deployment/signer', `${container}.env.1`, { name: 'OTHER', value: 'x' }],
  ],
  [
    'pairing-mount',
    'a volume for nobody',
    ['Deployment/signer', `${template}.volumes.+`, { name: 'pairing', emptyDir: {} }],
  ],
  [
    'proxy-mount',
    "a frontend's proxy that mounts something",
    [
      'Deployment/frontend',
      `${annotations}.sidecar~1istio~1io/userVolumeMount`,
      '{"caller-token":{"mountPath":"/t"}}',
    ],
  ],
  [
    'socket-mount',
    'no socket',
    ['Deployment/signer', `${container}.volumeMounts.0`, mount('other')],
  ],
  ['user-ids', 'root', ['Deployment/frontend', `${container}.securityContext.runAsUser`, 0]],
  ['host-and-processes', 'hostPID', ['Deployment/frontend', `${template}.hostPID`, true]],
  ['image-tag', 'no tag', ['Deployment/frontend', `${container}.image`, 'registry.example/x']],
  [
    'container-rights',
    'privileged',
    ['Deployment/frontend', `${container}.securityContext.privileged`, true],
  ],
  [
    'api-token',
    'automount',
    ['Deployment/frontend', `${template}.automountServiceAccountToken`, undefined],
  ],
  [
    'api-token',
    'automount of the account',
    ['ServiceAccount/signer', 'automountServiceAccountToken', undefined],
  ],
  [
    'own-account',
    'one account for both',
    ['Deployment/signer', `${template}.serviceAccountName`, 'frontend'],
  ],
  ['own-account', "a Job with the frontend's", ['+', '', job]],
  [
    'capture',
    'a port around the proxy',
    [
      'Deployment/frontend',
      `${annotations}.traffic~1sidecar~1istio~1io/excludeOutboundPorts`,
      '80',
    ],
  ],
  [
    'admin-port',
    'an open admin port',
    ['Deployment/frontend', `${annotations}.sidecar~1istio~1io/bootstrapOverride`, undefined],
  ],
  ['proxy-endpoints', "no Sidecar for the frontend's Pod", ['Sidecar/frontend', '', undefined]],
  [
    'proxy-endpoints',
    'a signer on TCP',
    ['Sidecar/signer', 'spec.ingress.0.defaultEndpoint', '127.0.0.1:8082'],
  ],
  ['egress', 'any Service of the namespace', ['Sidecar/frontend', 'spec.egress.0.port', undefined]],
  ['egress', "a signer's Pod that calls", ['Sidecar/signer', 'spec.egress.1.hosts', ['./*']]],
  [
    'addresses',
    'a call to the Pod that is not there',
    ['Deployment/frontend', `${container}.env.0.value`, 'http://localhost:8081/sign'],
  ],
  ['signer-service', 'another port', ['Service/signer', 'spec.ports.0.port', 8081]],
  ['signer-service', 'one that leads to both', ['Service/signer', 'spec.selector', {}]],
  [
    'policy-ports',
    'a policy for the wrong Pod',
    ['AuthorizationPolicy/allow-frontend-to-sign', 'spec.selector.matchLabels.app', 'frontend'],
  ],
  [
    'signer-caller',
    'the signer itself',
    [
      'AuthorizationPolicy/allow-frontend-to-sign',
      `${principals}.+`,
      'mesh.example/ns/signing/sa/signer',
    ],
  ],
  [
    'signer-caller',
    'a frontend that reads the metrics',
    [
      'AuthorizationPolicy/allow-pod-to-read-signer-metrics',
      `${principals}.0`,
      'mesh.example/ns/signing/sa/frontend',
    ],
  ],
  [
    'public-route',
    'a public way to the signer',
    ['VirtualService/frontend', 'spec.http.0.route.0.destination', { host: 'signer' }],
  ],
]

describe('separate Pods', () => {
  let rendering: Rendering
  let resources: Resource[]
  const read = (name: string) =>
    resources.find(({ kind, metadata }) => `${kind}/${metadata.name}` === name)

  beforeAll(async () => {
    rendering = await renderSample([], separatePods)
    resources = parseResources(rendering.yaml)
  })
  afterAll(() => rm(dirname(rendering.path), { recursive: true }))

  test('keep every rule', () => expect(applyRules(rules, resources)).toEqual([]))

  test.each(mistakes)('%s: %s is noticed', (rule, _, change) => {
    const found = applyRules(rules, applyChange(resources, change))
    expect(found.map((each) => each.rule)).toContain(rule)
  })

  test('are two Deployments, applied last, and no third thing', () => {
    const names = resources.slice(-2).map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    expect(names).toEqual(['Deployment/frontend', 'Deployment/signer'])
    for (const { kind, metadata } of resources) {
      if (!kind.startsWith('ValidatingAdmission')) expect(metadata.name).not.toBe('secure-signing')
    }
  })

  test('have every fact of the cluster filled in, and each its own identity', () => {
    const { prometheusPrincipal: _, ...facts } = sampleFactsOf(separatePods)
    for (const fact of Object.values(facts)) expect(rendering.yaml).toContain(fact)
    expect(rendering.yaml).not.toMatch(/cluster\.local\/ns|sa\/secure-signing|:secure-signing$/m)
    const [rule] = Object(read('AuthorizationPolicy/allow-frontend-to-sign')?.spec).rules
    expect(rule.from[0].source).toEqual({
      principals: ['mesh.example/ns/signing/sa/frontend'],
      requestPrincipals: ['https://tokens.example/system:serviceaccount:signing:frontend'],
    })
  })

  test('call each other by names that both have', () => {
    const { selector } = Object(read('Service/signer')?.spec)
    expect(selector).toEqual({ app: 'signer' })
    const { trafficPolicy } = Object(read('DestinationRule/signer')?.spec)
    expect(trafficPolicy.tls).toEqual({
      mode: 'ISTIO_MUTUAL',
      subjectAltNames: ['spiffe://mesh.example/ns/signing/sa/signer'],
    })
  })

  test('istioctl analyze has neither errors nor warnings', async () => {
    expect(await analyzeRendering(rendering, 'files')).toEqual([])
  })

  test('are guarded by the very policies of the API server that guard one Pod', async () => {
    const one = await renderSample()
    await rm(dirname(one.path), { recursive: true })
    const listPolicies = (all: readonly Resource[]) =>
      all.filter(({ kind }) => kind.startsWith('ValidatingAdmission'))
    expect(listPolicies(resources)).toEqual(listPolicies(parseResources(one.yaml)))
  })
})

describe('separate Pods with high-availability', () => {
  let deployments: Resource[]
  let rule: Resource | undefined
  beforeAll(async () => {
    const { path, yaml } = await renderSample(['high-availability'], separatePods)
    await rm(dirname(path), { recursive: true })
    const resources = parseResources(yaml)
    deployments = resources.filter(({ kind }) => kind === 'Deployment')
    rule = resources.find(
      ({ kind, metadata }) => kind === 'DestinationRule' && metadata.name === 'signer',
    )
  })

  test.each(['frontend', 'signer'])(
    'there are three of the %s, with no other container',
    (name) => {
      const found = deployments.find(({ metadata }) => metadata.name === name)
      const { replicas, template: made } = Object(found?.spec)
      expect(replicas).toBe(3)
      const [only, ...others] = made.spec.containers
      expect(others).toEqual([])
      expect(only).toMatchObject({ name, resources: { requests: { cpu: '250m' } } })
      expect(made.spec.topologySpreadConstraints).toHaveLength(2)
    },
  )

  test('a failing signer is left out, and mutual TLS to the others stays', () => {
    expect(rule?.spec).toMatchObject({
      trafficPolicy: { outlierDetection: expect.anything(), tls: { mode: 'ISTIO_MUTUAL' } },
    })
  })
})

test('separate Pods with autoscaling are scaled each by its own container', async () => {
  const names = ['high-availability', 'autoscaling']
  const { path, yaml } = await renderSample(names, separatePods)
  await rm(dirname(path), { recursive: true })
  const resources = parseResources(yaml)
  const specs = resources
    .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
    .map(({ spec }) => Object(spec))
  expect(specs.map(({ scaleTargetRef }) => scaleTargetRef.name)).toEqual(['frontend', 'signer'])
  for (const { scaleTargetRef, metrics } of specs) {
    expect(metrics).toMatchObject([{ containerResource: { container: scaleTargetRef.name } }])
  }
  for (const { kind, spec } of resources) {
    if (kind === 'Deployment') expect(spec).not.toHaveProperty('replicas')
  }
})

describe('OVERLAY', () => {
  test.each([
    [undefined, onePod],
    ['', onePod],
    ['default', onePod],
    ['separate-pods', separatePods],
  ])('%j is %j', (name, layout) => expect(parseOverlay(name)).toBe(layout))

  test.each(['separate', 'Default', '../base', 'default separate-pods'])(
    'refuses what is none, and says what there is: %s',
    (name) => {
      expect(() => parseOverlay(name)).toThrow(
        expect.objectContaining({ todo: 'there are: default, separate-pods' }),
      )
    },
  )

  test.each(layouts)(
    '$overlay has a kustomization, and images for its policies',
    async (layout) => {
      const folder = resolve(root, overlayFolder(layout))
      for (const name of ['.', 'released-image']) {
        expect(await readFile(resolve(folder, name, 'kustomization.yaml'), 'utf8')).toMatch(/^# \S/)
      }
    },
  )
})
