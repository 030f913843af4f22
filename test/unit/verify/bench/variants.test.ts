// The frontends that `make bench` deploys beside the deployment: one without a signer, and one that signs webhooks.
import { expect, test } from 'vitest'
import { resourceSchema } from '../../../../tools/kube/resources.ts'
import { listCopied, makeVariant } from '../../../../tools/verify/bench/variants/resources.ts'
import { unsigned, webhooks } from '../../../../tools/verify/bench/variants/variant.ts'

const image = 'localhost/only-for-make-bench/unsigned-frontend:1'
const metadata = {
  namespace: 'signing',
  uid: 'a',
  resourceVersion: '1',
  labels: { 'secure-signing.dev/protected': 'true' },
}
const make = (apiVersion: string, kind: string, name: string, spec: object) => ({
  ...{ apiVersion, kind, metadata: { ...metadata, name }, spec, status: { is: 'old' } },
})
const mounts = [{ name: 'caller-token', mountPath: '/run/identity' }]
const resources = { limits: { cpu: '1', memory: '256Mi' } }
const annotations = { 'sidecar.istio.io/userVolumeMount': '{}', 'sidecar.istio.io/inject': 'true' }
const deployed = [
  make('apps/v1', 'Deployment', 'secure-signing', {
    replicas: 1,
    template: {
      metadata: { labels: { app: 'secure-signing' }, annotations },
      spec: {
        hostname: 'signing-pod',
        containers: [
          { name: 'frontend', image: 'shipped', resources, volumeMounts: mounts },
          { name: 'signer', image: 'signer', volumeMounts: [{ name: 'hmac-key' }] },
        ],
        volumes: [{ name: 'hmac-key', secret: { secretName: 'hmac-key' } }],
      },
    },
  }),
  make('networking.istio.io/v1', 'VirtualService', 'frontend', {
    ...{ hosts: ['*'], gateways: ['public'], http: [{ timeout: '10s' }] },
  }),
  make('networking.istio.io/v1', 'Sidecar', 'signer', {
    ingress: [
      { port: { number: 8080 }, defaultEndpoint: '127.0.0.1:8080' },
      { port: { number: 8081 }, defaultEndpoint: 'unix:///run/signer/signer.sock' },
    ],
    egress: [{ bind: '127.0.0.1', hosts: ['./signer.pod.internal'] }, { hosts: ['~/*'] }],
  }),
]

const made = makeVariant(unsigned, deployed, image)
const find = (resources: typeof made, kind: string) =>
  resourceSchema.parse(resources.find((each) => each.kind === kind))
const specOf = (kind: string) => find(made, kind).spec

test('all of it is in a namespace of its own, without what the API server has written', () => {
  const [home, ...others] = made
  expect(home?.metadata.name).toBe('signing-bench')
  for (const { metadata: found, ...rest } of others) {
    expect(Object.keys(found)).toEqual(['name', 'namespace', 'labels'])
    expect(found.namespace).toBe('signing-bench')
    expect(rest).not.toHaveProperty('status')
  }
})

test('the Pod has the frontend alone, with its resources, and mounts neither key nor credentials', () => {
  expect(specOf('Deployment')).toMatchObject({
    template: {
      metadata: { annotations: { 'sidecar.istio.io/inject': 'true' } },
      spec: { containers: [{ name: 'frontend', image, resources }] },
    },
  })
  expect(JSON.stringify(specOf('Deployment'))).not.toMatch(
    /hmac-key|caller-token|userVolumeMount|hostname|shipped/,
  )
})

test('the proxy has no way to a signer', () => {
  expect(specOf('Sidecar')).toEqual({
    ingress: [{ port: { number: 8080 }, defaultEndpoint: '127.0.0.1:8080' }],
    egress: [{ hosts: ['~/*'] }],
  })
})

test('the gateway of the deployment serves it under a name that no client uses', () => {
  expect(specOf('VirtualService')).toEqual({
    hosts: ['unsigned.bench.example'],
    gateways: ['signing/public'],
    http: [{ timeout: '10s' }],
  })
})

test('the frontend that signs webhooks keeps its signer, with a key and an identity of its own', () => {
  const identity = make('security.istio.io/v1', 'AuthorizationPolicy', 'signer-allow-caller', {
    principals: ['cluster.local/ns/signing/sa/secure-signing'],
    requestPrincipals: ['https://issuer/system:serviceaccount:signing:secure-signing'],
  })
  const resources = makeVariant(webhooks, [...deployed, identity], image)
  expect(resources.slice(1).every((each) => each.metadata.namespace === webhooks.namespace)).toBe(
    true,
  )
  expect(find(resources, 'Secret')).toMatchObject({
    metadata: { name: 'hmac-key' },
    stringData: { 'webhook-1': expect.stringMatching(/^whsec_.{44}$/) },
  })
  expect(find(resources, 'Deployment').spec).toMatchObject({
    template: {
      metadata: { annotations },
      spec: {
        containers: [
          { image, volumeMounts: mounts },
          { name: 'signer', image: 'signer' },
        ],
      },
    },
  })
  expect(find(resources, 'Sidecar').spec).toEqual(deployed[2]?.spec)
  expect(find(resources, 'VirtualService').spec).toMatchObject({ hosts: [webhooks.host] })
  expect(find(resources, 'AuthorizationPolicy').spec).toEqual({
    principals: ['cluster.local/ns/signing-bench-webhooks/sa/secure-signing'],
    requestPrincipals: [
      'https://issuer/system:serviceaccount:signing-bench-webhooks:secure-signing',
    ],
  })
})

test('what the signer needs in the mesh is copied with it alone', () => {
  expect(listCopied(webhooks)).toContain('authorizationpolicy/signer-allow-caller')
  expect(listCopied(unsigned)).not.toContain('authorizationpolicy/signer-allow-caller')
})
