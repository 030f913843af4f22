// A platform's agent whose webhook adds a variable to every container, as Datadog's does. It runs in the cluster.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { tryRun } from '../../tools/cli/exec.ts'
import { readVariable } from '../../tools/cli/make-variables.ts'
import {
  computeImageReferences,
  defaultPrefix,
  formatReference,
} from '../../tools/images/image-references.ts'
import { deleteResources } from '../../tools/kube/deletion/delete-resources.ts'
import { applyResource, kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import type { Resource } from '../../tools/kube/resources.ts'
import { makeCertificate } from '../support/api-server/mutating-webhook.ts'
import { runDeploy } from '../support/run-deploy.ts'
import { needsLocalCluster } from '../support/skips.ts'

const platform = 'platform'
const name = 'agent'
const script = `
const { readFileSync } = require('node:fs')
const { createServer } = require('node:https')
const read = (file) => readFileSync('/srv/tls/' + file)
createServer({ key: read('tls.key'), cert: read('tls.crt') }, (request, response) => {
  let text = ''
  request.on('data', (chunk) => (text += chunk)).on('end', () => {
    const { apiVersion, kind, request: { uid, object } } = JSON.parse(text)
    const value = [{ name: 'DD_ENTITY_ID', value: 'x' }]
    const patch = object.spec.containers.map(({ env = [] }, index) => (
      { op: 'add', path: '/spec/containers/' + index + '/env', value: [...env, ...value] }))
    const answer = { uid, allowed: true, patchType: 'JSONPatch', patch: btoa(JSON.stringify(patch)) }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ apiVersion, kind, response: answer }))
  })
}).listen(8443)
`

describe('a webhook that adds a variable to every container', needsLocalCluster, () => {
  let resources: Resource[]
  const deploy = (variables = {}) => runDeploy(String(process.env.KUBECONFIG), variables)
  const readGeneration = () =>
    kubectl([
      'get',
      'deployment',
      '-n',
      namespace,
      '-o',
      'jsonpath={.items[*].metadata.generation}',
    ])

  beforeAll(async () => {
    const { key, cert } = await makeCertificate(`DNS:${name}.${platform}.svc`)
    const [image] = await computeImageReferences({
      prefix: defaultPrefix,
      nodeImage: readVariable('NODE_IMAGE'),
    })
    resources = makeAgent(key, cert, image === undefined ? '' : formatReference(image))
    for (const each of resources.slice(0, -1)) await applyResource(each)
    await kubectl(['rollout', 'status', `deployment/${name}`, '-n', platform, '--timeout=60s'])
    await applyResource(Object(resources.at(-1)))
  })

  afterAll(async () => {
    await deleteResources(resources.toReversed())
    await deploy()
  })

  test('stops make deploy before anything changes', async () => {
    const before = await readGeneration()
    const { code, said } = await deploy()
    expect(said).toContain('nothing was changed')
    expect(said).toContain('signer: env DD_ENTITY_ID')
    expect(said).toContain('agent.platform.example (MutatingWebhookConfiguration agent)')
    expect(said).toContain(
      'It looks like Datadog. To opt out, deploy with the component webhook-opt-out',
    )
    expect(code).toBe(1)
    expect(await readGeneration()).toBe(before)
  })

  test('is a finding of make analyze LIVE=yes', async () => {
    const args = [join(CHECKOUT, 'tools/analyze/analyze.ts')]
    const { code, stdout } = await tryRun('node', args, { env: { ...process.env, LIVE: 'yes' } })
    expect(stdout).toContain('[webhook] a webhook changes each Pod of Deployment/secure-signing')
    expect(code).toBe(1)
  })

  test('leaves Pods with the component webhook-opt-out alone, and they sign', async () => {
    const { code, said } = await deploy({ COMPONENTS: 'webhook-opt-out' })
    expect(said).toContain('a message was signed')
    expect(code).toBe(0)
  })
})

function makeAgent(key: Buffer, cert: Buffer, image: string): Resource[] {
  const metadata = { name, namespace: platform }
  const labels = { app: name }
  const webhook = {
    ...{ name: 'agent.platform.example', sideEffects: 'None', admissionReviewVersions: ['v1'] },
    clientConfig: { service: { ...metadata, port: 8443 }, caBundle: cert.toString('base64') },
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    // As Datadog's.
    objectSelector: {
      matchExpressions: [
        { key: 'admission.datadoghq.com/enabled', operator: 'NotIn', values: ['false'] },
      ],
    },
  }
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: platform } },
    {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata },
      data: { 'tls.key': key.toString('base64'), 'tls.crt': cert.toString('base64') },
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'main.cjs': script } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: 8443 }] },
    },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                ...{ name, image, command: ['/nodejs/bin/node', '/srv/app/main.cjs'] },
                readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
                volumeMounts: ['tls', 'app'].map((each) => ({
                  name: each,
                  mountPath: `/srv/${each}`,
                })),
              },
            ],
            volumes: [
              { name: 'tls', secret: { secretName: name } },
              { name: 'app', configMap: { name } },
            ],
          },
        },
      },
    },
    {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration' },
      ...{ metadata: { name }, webhooks: [webhook] },
    },
  ]
}
