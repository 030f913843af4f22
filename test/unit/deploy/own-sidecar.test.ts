// A Sidecar of the application for the same Pods goes into ours, or is refused with what to do.
import { expect, test } from 'vitest'
import { mergeSidecars } from '../../../tools/deploy/application/own-sidecar.ts'
import { mergeProxyConfig } from '../../../tools/deploy/application/proxy-config.ts'
import { findDeployment } from '../../../tools/kube/application/pod.ts'
import type { SigningConfig } from '../../../tools/kube/application/schema.ts'
import { config, makeDeployment, toManifest } from '../../support/application/manifests.ts'

const labels = { app: 'orders', tier: 'web' }
const sidecar = (spec: object, selector: object | null = { labels: { app: 'orders' } }) =>
  toManifest({
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'Sidecar', metadata: { name: 'mine' } },
    spec: { ...(selector && { workloadSelector: selector }), ...spec },
  })
const merge = (...manifests: ReturnType<typeof toManifest>[]) =>
  mergeSidecars(config as unknown as SigningConfig, labels, manifests)
const port = (number: number, name = 'http-x') => ({ number, name, protocol: 'HTTP' })

test('listeners, hosts and limits of all kinds are merged', () => {
  const mine = sidecar({
    ingress: [
      { port: port(9100), defaultEndpoint: '127.0.0.1:9100' },
      {
        port: port(8000),
        defaultEndpoint: '0.0.0.0:8000',
        connectionPool: { tcp: { maxConnections: 7 } },
      },
    ],
    egress: [
      { port: port(5432, 'tcp-db'), hosts: ['./db.example.com'] },
      { hosts: ['billing/*', '~/*'] },
    ],
    inboundConnectionPool: { http: { http2MaxRequests: 9 } },
    outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' },
  })
  expect(merge(mine)).toEqual({
    listed: [8000, 9100, 8000],
    merged: [mine],
    egress: ['billing/*'],
    operations: [
      {
        ...{ op: 'add', path: '/spec/ingress/-' },
        value: { port: port(9100), defaultEndpoint: '127.0.0.1:9100' },
      },
      {
        ...{ op: 'add', path: '/spec/ingress/0/connectionPool' },
        value: { tcp: { maxConnections: 7 } },
      },
      {
        ...{ op: 'add', path: '/spec/egress/0' },
        value: { port: port(5432, 'tcp-db'), hosts: ['./db.example.com'] },
      },
      {
        ...{ op: 'add', path: '/spec/inboundConnectionPool' },
        value: { http: { http2MaxRequests: 9 } },
      },
    ],
  })
})

test.each([
  ['for other Pods', sidecar({ bogus: 1, egress: [] }, { labels: { app: 'other' } })],
  ['for the whole namespace', sidecar({ egress: [{ hosts: ['./*'] }] }, null)],
  ['for Pods with more labels', sidecar({}, { labels: { app: 'orders', zone: 'a' } })],
])('a Sidecar %s stays', (_, mine) => {
  expect(merge(mine)).toEqual({ merged: [], egress: [], operations: [], listed: [8000] })
})

test.each<[string, object, string]>([
  [
    'the port of the signer',
    { ingress: [{ port: port(8081) }] },
    'spec.ingress.0: port 8081 is the route to the signer',
  ],
  [
    'a way to the route to the signer',
    { ingress: [{ port: port(9000), defaultEndpoint: '127.0.0.1:8081' }] },
    'spec.ingress.0: port 8081',
  ],
  [
    'the socket of the signer',
    { ingress: [{ port: port(9000), defaultEndpoint: 'unix:///run/signer/signer.sock' }] },
    "spec.ingress.0: this socket is the signer's",
  ],
  [
    'another process for its port',
    { ingress: [{ port: port(8000), defaultEndpoint: '127.0.0.1:9000' }] },
    'Remove defaultEndpoint',
  ],
  ['TLS of its own', { ingress: [{ port: port(8000), tls: { mode: 'SIMPLE' } }] }, 'Remove tls'],
  [
    'a listener beside the signer',
    { egress: [{ port: port(8081), bind: '127.0.0.1', hosts: ['./x'] }] },
    'spec.egress.0: port 8081',
  ],
  [
    'no capture',
    { egress: [{ captureMode: 'NONE', hosts: ['./x'] }] },
    'spec.egress.0: a listener for all ports',
  ],
  [
    'every destination',
    { outboundTrafficPolicy: { mode: 'ALLOW_ANY' } },
    'name the hosts in `egress`',
  ],
  [
    'an egress proxy',
    { outboundTrafficPolicy: { egressProxy: { host: 'x' } } },
    'egressProxy cannot be merged',
  ],
  ['an unknown field', { bogus: 1 }, 'bogus'],
])('a Sidecar with %s is refused', (_, spec, expected) => {
  expect(() => merge(sidecar(spec))).toThrow(expected)
  expect(() => merge(sidecar(spec))).toThrow('Sidecar/mine')
})

test('two Sidecars for the same Pods are refused', () => {
  expect(() => merge(sidecar({}), sidecar({}))).toThrow('it selects the same Pods as mine')
})

const annotate = (text: string | undefined) => {
  const annotations = text === undefined ? {} : { 'proxy.istio.io/config': text }
  const labels = { app: 'orders' }
  const deployment = toManifest(makeDeployment({ metadata: { labels, annotations } }))
  const { manifest, pod } = findDeployment((field) => field, 'orders', [deployment])
  const ours =
    '{"holdApplicationUntilProxyStarts": true, "terminationDrainDuration": "28s", "proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "1"}}'
  return mergeProxyConfig(manifest, pod, ours)
}

test('settings of the proxy are merged, and ours win', () => {
  expect(annotate(undefined)).toBeUndefined()
  const mine =
    'concurrency: 2\nholdApplicationUntilProxyStarts: false\nproxyMetadata: {ISTIO_META_DNS_CAPTURE: "0", MINIMUM_DRAIN_DURATION: "2s"}\nterminationDrainDuration: 5s'
  expect(JSON.parse(annotate(mine) ?? '')).toEqual({
    ...{ concurrency: 2, holdApplicationUntilProxyStarts: true, terminationDrainDuration: '28s' },
    proxyMetadata: { ISTIO_META_DNS_CAPTURE: '1', MINIMUM_DRAIN_DURATION: '2s' },
  })
  expect(annotate('terminationDrainDuration: 90s')).toContain('"90s"')
})

test('settings of the proxy that admission refuses are named', () => {
  const mine =
    'concurrency: 1\nstatNameLength: 200\nproxyMetadata: {TEAM: billing, ISTIO_META_DNS_CAPTURE: "true"}'
  expect(() => annotate(mine)).toThrow(
    /config: statNameLength can .*\n.*config: proxyMetadata\.TEAM can .*Remove/,
  )
  expect(
    annotate('tracing: {sampling: 10}\nproxyStatsMatcher: {inclusionRegexps: [".*"]}'),
  ).toContain('10')
})
