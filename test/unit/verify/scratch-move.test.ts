// Moves resources to a scratch namespace, and says which texts it changed.
import { describe, expect, test } from 'vitest'
import type { Resource } from '../../../tools/kube/resources.ts'
import { isolate, moveHost } from '../../../tools/verify/scratch/isolate.ts'
import { moveResources } from '../../../tools/verify/scratch/move.ts'

const gateway = 'cluster.local/ns/istio-system/sa/gateway'
const move = {
  ...{ from: 'signing', to: 'signing-preview-1' },
  identities: { [gateway]: 'cluster.local/ns/signing-preview-1-gateway/sa/scratch-gateway' },
}
const scratch = { namespace: 'signing-preview-1', gatewayNamespace: 'signing-preview-1-gateway' }

function make(kind: string, spec: object, namespace = 'signing'): Resource {
  const group = kind.endsWith('Policy') ? 'security' : 'networking'
  return { apiVersion: `${group}.istio.io/v1`, kind, metadata: { name: 'x', namespace }, spec }
}

function moveSpec(kind: string, spec: object) {
  const { resources, rewrites } = moveResources([make(kind, spec)], move)
  return { spec: resources[0]?.spec, rewrites }
}

describe('moves', () => {
  const texts: Record<string, [kind: string, from: object, to: object]> = {
    'a principal': [
      'AuthorizationPolicy',
      { principals: ['cluster.local/ns/signing/sa/a', '*/ns/signing/sa/a'] },
      { principals: ['cluster.local/ns/signing-preview-1/sa/a', '*/ns/signing-preview-1/sa/a'] },
    ],
    'the identity of the gateway': [
      'AuthorizationPolicy',
      { notPrincipals: [gateway], subjectAltNames: [`spiffe://${gateway}`] },
      {
        notPrincipals: [move.identities[gateway]],
        subjectAltNames: [`spiffe://${move.identities[gateway]}`],
      },
    ],
    'the subject of a token': [
      'AuthorizationPolicy',
      { requestPrincipals: ['https://issuer/system:serviceaccount:signing:a'] },
      { requestPrincipals: ['https://issuer/system:serviceaccount:signing-preview-1:a'] },
    ],
    namespaces: [
      'AuthorizationPolicy',
      { namespaces: ['signing', 'other'], notNamespaces: ['signing'] },
      { namespaces: ['signing-preview-1', 'other'], notNamespaces: ['signing-preview-1'] },
    ],
    'a selector of namespaces': [
      'NetworkPolicy',
      { matchLabels: { 'kubernetes.io/metadata.name': 'signing' } },
      { matchLabels: { 'kubernetes.io/metadata.name': 'signing-preview-1' } },
    ],
    hosts: [
      'Sidecar',
      { hosts: ['signing/a', './b', 'a.signing.svc.cluster.local'], host: 'a.signing' },
      {
        hosts: ['signing-preview-1/a', './b', 'a.signing-preview-1.svc.cluster.local'],
        host: 'a.signing-preview-1',
      },
    ],
    'a Gateway with its namespace': [
      'VirtualService',
      { gateways: ['signing/public'] },
      { gateways: ['signing-preview-1/public'] },
    ],
  }
  for (const [name, [kind, from, to]] of Object.entries(texts)) {
    test(name, () => expect(moveSpec(kind, from).spec).toEqual(to))
  }

  test('its own namespace, and nothing of other namespaces', () => {
    const others = make('Sidecar', { hosts: ['signing/a'] }, 'other')
    const { resources } = moveResources([make('Sidecar', {}), others], move)
    expect(resources.map(({ metadata }) => metadata.namespace)).toEqual([
      scratch.namespace,
      'other',
    ])
    expect(resources[1]).toBe(others)
  })
})

test('leaves longer names alone', () => {
  const spec = {
    principals: ['cluster.local/ns/signing-other/sa/signing'],
    hosts: ['a.signing-other.svc', 'signing.example'],
    namespaces: ['signing-other'],
  }
  expect(moveSpec('AuthorizationPolicy', spec).spec).toEqual(spec)
})

test('says what it changed, and which identities stay', () => {
  const principals = ['cluster.local/ns/signing/sa/a', 'cluster.local/ns/other/sa/b', '*']
  expect(moveSpec('AuthorizationPolicy', { principals }).rewrites).toEqual([
    {
      ...{ resource: 'AuthorizationPolicy/x', path: 'spec.principals[0]' },
      ...{ from: principals[0], to: 'cluster.local/ns/signing-preview-1/sa/a' },
    },
    {
      ...{ resource: 'AuthorizationPolicy/x', path: 'spec.principals[1]' },
      ...{ from: principals[1], to: undefined },
    },
    {
      ...{ resource: 'AuthorizationPolicy/x', path: 'spec.principals[2]' },
      ...{ from: '*', to: undefined },
    },
  ])
})

describe('isolates', () => {
  const specOf = (kind: string, spec: object) =>
    isolate([make(kind, spec, scratch.namespace)], scratch).resources[0]?.spec

  test('a route from live gateways, hosts and namespaces', () => {
    const spec = { hosts: ['a.example', '*'], gateways: ['infra/edge'], exportTo: ['*'] }
    expect(specOf('VirtualService', spec)).toEqual({
      hosts: ['a.example.signing-preview-1.invalid', '*'],
      gateways: ['scratch'],
      exportTo: ['.', scratch.gatewayNamespace],
    })
  })

  test('every Gateway from the live Pods and from TLS: one stands in for all', () => {
    const tls = { mode: 'SIMPLE', credentialName: 'live' }
    const servers = [{ port: { number: 443 }, hosts: ['./a.example', '*'], tls }]
    const gateways = ['public', 'other'].map((name) => ({
      ...make('Gateway', { selector: { istio: 'ingressgateway' }, servers }, scratch.namespace),
      metadata: { name, namespace: scratch.namespace },
    }))
    const { resources, rewrites } = isolate(gateways, scratch)
    expect(resources).toEqual([
      {
        ...{ apiVersion: 'networking.istio.io/v1', kind: 'Gateway' },
        metadata: { name: 'scratch', namespace: scratch.namespace },
        spec: {
          selector: { 'secure-signing.dev/scratch-gateway': 'signing-preview-1' },
          servers: [
            {
              port: { number: 80, name: 'http', protocol: 'HTTP' },
              hosts: ['a.example.signing-preview-1.invalid', '*'],
            },
          ],
        },
      },
    ])
    expect(rewrites.map(({ resource }) => resource)).toEqual(['Gateway/public', 'Gateway/other'])
  })

  test('what is for its own namespace stays so', () => {
    expect(specOf('ServiceEntry', { exportTo: ['.'] })).toEqual({ exportTo: ['.'] })
    expect(specOf('DestinationRule', {})).toEqual({ exportTo: ['.', scratch.gatewayNamespace] })
  })

  test('a Service is for its own gateway alone', () => {
    const annotations = { 'networking.istio.io/exportTo': '*' }
    const metadata = { name: 'x', namespace: scratch.namespace, annotations }
    const { resources } = isolate([{ apiVersion: 'v1', kind: 'Service', metadata }], scratch)
    expect(resources[0]?.metadata.annotations).toEqual({
      'networking.istio.io/exportTo': `.,${scratch.gatewayNamespace}`,
    })
  })

  test('names of the cluster stay', () => {
    expect(moveHost('frontend', 'x')).toBe('frontend')
    expect(moveHost('a.b.svc.cluster.local', 'x')).toBe('a.b.svc.cluster.local')
  })
})
