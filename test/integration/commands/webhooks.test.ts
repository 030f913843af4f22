// `make deploy` tells what a platform's webhooks do to the Pods, before it changes anything. The API server and the webhook are
// real.
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { checkWebhooks } from '../../../tools/deploy/preflight/webhooks/check-webhooks.ts'
import { onePod, separatePods } from '../../../tools/kube/layouts.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import type { ApiServer } from '../../../tools/verify/admission/api-server/api-server.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { startGuardedApiServer } from '../../support/api-server/guarded-api-server.ts'
import { type Mutation, serveWebhook } from '../../support/api-server/mutating-webhook.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { makePrograms } from '../../support/folder.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const inEach =
  (change: Mutation): Mutation =>
  (pod) =>
    pod.spec.containers.forEach(change)
const inOne = (name: string, change: Mutation): Mutation =>
  inEach((container) => name === container.name && change(container))
const addVariable = (name: string): Mutation =>
  inEach((container) => container.env.push({ name, value: 'x' }))

describe('webhooks of the platform', needsLocalPrograms, () => {
  let server: ApiServer
  let resources: Resource[]
  let separate: Resource[]
  let said: string[]

  beforeAll(async () => {
    server = await useBareApiServer()
    resources = (await renderSample([], onePod)).resources
    separate = (await renderSample([], separatePods)).resources
    for (const each of [...resources, ...separate]) {
      if (/^(Namespace|ServiceAccount)$/.test(each.kind)) await server.api.apply(each)
    }
  })

  beforeEach(() => {
    said = []
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said.push(String(text))
      return true
    })
    return () => vi.restoreAllMocks()
  })

  /** Returns the error and its advice, or an empty text. */
  async function check(of = resources): Promise<string> {
    const error = await checkWebhooks(of).catch((thrown) => thrown)
    return error === undefined ? '' : `${error.message}\n→ ${error.todo}`
  }

  test('without a webhook there is nothing to say', async () => {
    expect(await check()).toBe('')
    expect(await check(separate)).toBe('')
    expect(said).toEqual([])
  })

  test.each<[string, Mutation, string[]]>([
    ['variables', addVariable('FOO'), ['signer: env FOO']],
    [
      'variables of Datadog',
      addVariable('DD_ENTITY_ID'),
      ['looks like Datadog', 'webhook-opt-out'],
    ],
    [
      'a sidecar with the key',
      (pod) => {
        const volumeMounts = [{ name: 'hmac-key', mountPath: '/k', readOnly: true }]
        pod.spec.containers.push({ ...pod.spec.containers[0], name: 'spy', volumeMounts })
      },
      ['Pod: container spy'],
    ],
    [
      'a volume mount',
      (pod) => {
        pod.spec.volumes.push({ name: 'lib', emptyDir: {} })
        inEach(({ volumeMounts }) => volumeMounts.push({ name: 'lib', mountPath: '/lib' }))(pod)
      },
      ['signer: volumeMount /lib'],
    ],
    [
      'a mirror of the registry',
      inEach((container) => {
        container.image = container.image.replace('registry.example', 'mirror.example/cache')
      }),
      ['signer: image mirror.example/cache', 'IMAGE_PREFIX=mirror.example/cache/team`'],
    ],
    ['a command', inOne('signer', (signer) => (signer.command = ['/agent'])), ['signer: command']],
    [
      'an exec probe',
      inOne('signer', (signer) => (signer.livenessProbe = { exec: { command: ['true'] } })),
      ['signer: livenessProbe.exec'],
    ],
    [
      'shared processes',
      (pod) => (pod.spec.shareProcessNamespace = true),
      ['shareProcessNamespace'],
    ],
    [
      'an annotation that leads around the proxy',
      (pod) => (pod.metadata.annotations['traffic.sidecar.istio.io/excludeInboundPorts'] = '8080'),
      ['Pod: annotation traffic.sidecar.istio.io/excludeInboundPorts'],
    ],
    [
      'the label of the policies',
      (pod) => (pod.metadata.labels.app = 'renamed'),
      ['Pod: label app'],
    ],
    [
      'a lost annotation of Istio',
      (pod) => delete pod.metadata.annotations['sidecar.istio.io/userVolumeMount'],
      ['Pod: annotation sidecar.istio.io/userVolumeMount'],
    ],
    [
      'no injection of the proxy',
      (pod) => (pod.metadata.labels['sidecar.istio.io/inject'] = 'false'),
      ['Pod: label sidecar.istio.io/inject'],
    ],
    ['another host name', (pod) => (pod.spec.hostname = 'node-7'), ['Pod: hostname node-7']],
    [
      'another volume of ours',
      (pod) =>
        delete pod.spec.volumes.find(({ name }: { name: string }) => name === 'pairing').emptyDir
          .medium,
      ['Pod: volume pairing'],
    ],
    [
      'a lost capability drop, which Pod Security refuses',
      inOne('signer', (signer) => delete signer.securityContext.capabilities),
      ['violates PodSecurity', 'container "signer"'],
    ],
  ])('stop the deployment by %s', async (_, mutate, expected) => {
    await serveWebhook(server.api, mutate)
    const error = await check()
    for (const text of expected) expect(error).toContain(text)
    expect(error).toContain('agent.platform.example (MutatingWebhookConfiguration agent-webhook)')
    expect(error).toContain('docs/production.md#admission-webhooks')
  })

  test.each<[string, Mutation, string]>([
    [
      'variables that load code into the frontend',
      inOne('frontend', ({ env }) => env.push({ name: 'NODE_OPTIONS', value: 'x' })),
      'frontend: env NODE_OPTIONS',
    ],
    [
      'a sidecar',
      (pod) => pod.spec.containers.push({ ...pod.spec.containers[0], name: 'logs' }),
      'Pod: container logs',
    ],
    [
      'a port of the signer',
      inOne('signer', (signer) => (signer.ports = [{ containerPort: 9 }])),
      'signer: ports',
    ],
    [
      'names of hosts',
      (pod) => (pod.spec.hostAliases = [{ ip: '10.0.0.1', hostnames: ['a'] }]),
      'Pod: hostAliases',
    ],
  ])('are named in a note: %s', async (_, mutate, expected) => {
    await serveWebhook(server.api, mutate)
    expect(await check()).toBe('')
    expect(said.join()).toContain(expected)
    expect(said.join()).toContain('agent.platform.example')
  })

  test('may set resources, scheduling, pull secrets and annotations', async () => {
    await serveWebhook(server.api, (pod) => {
      inEach((container) => (container.resources = { requests: { cpu: '7m' } }))(pod)
      pod.metadata.annotations.platform = 'x'
      pod.metadata.labels.team = 'x'
      Object.assign(pod.spec, {
        tolerations: [{ operator: 'Exists' }],
        nodeSelector: { pool: 'x' },
        imagePullSecrets: [{ name: 'pull' }],
        securityContext: { ...pod.spec.securityContext, fsGroup: 1000 },
      })
    })
    expect(await check()).toBe('')
    expect(said).toEqual([])
  })

  test('are found in both Pods of separate Pods', async () => {
    await serveWebhook(server.api, addVariable('LD_PRELOAD'))
    const error = await check(separate)
    expect(error).toContain('Deployment/signer')
    expect(said.join()).toMatch(/Deployment\/frontend.*frontend: env LD_PRELOAD/s)
  })

  // API servers accept no webhook without dry runs any more. Old clusters may have one.
  test.each([
    ['a webhook without dry runs', 'admission webhook "old.example" does not support dry run'],
    ['a user who may not create Pods', 'User "dev" cannot create resource "pods" in API group ""'],
    ['a full quota', 'pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1'],
    [
      'a missing ServiceAccount',
      'error looking up service account a: serviceaccount "b" not found',
    ],
    ['a missing namespace', 'Error from server (NotFound): namespaces "signing" not found'],
  ])('stay unknown with a note: %s', async (_, refusal) => {
    const bin = await makePrograms({ kubectl: `echo '${refusal}' >&2; exit 1` })
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
    expect(await check()).toBe('')
    expect(said.join()).toContain(refusal)
    vi.stubEnv('PATH', process.env.PATH?.replace(`${bin}:`, ''))
  })

  test('that do not answer are shown in the words of the API server', async () => {
    await serveWebhook(server.api, addVariable('FOO'), { isDown: true })
    const error = await check()
    expect(error).toContain('failed calling webhook "agent.platform.example"')
    expect(error).toContain('No Pod starts until this webhook answers')
  })

  test('that do not answer, and may fail, are nothing to say', async () => {
    await serveWebhook(server.api, addVariable('FOO'), { isDown: true, failurePolicy: 'Ignore' })
    expect(await check()).toBe('')
  })

  test('leave no Pod, whatever they do', async () => {
    await serveWebhook(server.api, addVariable('FOO'))
    await check()
    const path = `/api/v1/namespaces/${namespace}/pods`
    const { said: pods } = await server.api.send({ method: 'GET', path })
    expect(JSON.parse(pods).items).toEqual([])
  })
})

test(
  'webhooks of the platform are named too if the admission policies refuse the Pod',
  needsLocalPrograms,
  async () => {
    const { api, kubeconfig, rendering } = await startGuardedApiServer()
    const resources = parseResources(rendering.yaml)
    vi.stubEnv('KUBECONFIG', kubeconfig)
    await checkWebhooks(resources)
    await serveWebhook(api, addVariable('FOO'))
    await expect(checkWebhooks(resources)).rejects.toThrow('signer: env FOO')
    vi.unstubAllEnvs()
  },
)
