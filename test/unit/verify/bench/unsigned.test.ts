// The frontend without a signer, which `make bench` deploys beside the deployment.
import { expect, test } from 'vitest'
import { resourceSchema } from '../../../../tools/kube/resources.ts'
import { makeUnsigned } from '../../../../tools/verify/bench/unsigned/resources.ts'

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

const made = makeUnsigned(deployed, image)
const specOf = (kind: string) => resourceSchema.parse(made.find((each) => each.kind === kind)).spec

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
