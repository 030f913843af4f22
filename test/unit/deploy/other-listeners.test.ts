// Ports of the application besides its public one stay open in the Pod's proxy, with the protocol that the Service says.
import { expect, test } from 'vitest'
import { addOtherListeners } from '../../../tools/deploy/application/other-listeners.ts'
import { findDeployment } from '../../../tools/kube/application/pod.ts'
import { config, makeDeployment, toManifest } from '../../support/application/manifests.ts'

const manifests = [toManifest(makeDeployment())]
const { pod } = findDeployment((field) => field, config.deployment, manifests)
const service = (ports: object[], selector: object = { app: 'orders' }, name = 'orders') =>
  toManifest({
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name } },
    spec: { selector, ports },
  })
const listen = (...services: ReturnType<typeof service>[]) =>
  addOtherListeners(pod, services, [8000]).map(({ value }) => Object(value).port)

test.each([
  ['the name of the port', { name: 'http-metrics', port: 9090 }, 'HTTP'],
  ['appProtocol, which wins', { name: 'tcp-x', appProtocol: 'http2', port: 9090 }, 'HTTP2'],
  ['a name of two parts', { name: 'grpc-web-x', port: 9090 }, 'GRPC-WEB'],
  ['a protocol that Istio sends as TCP', { name: 'redis', port: 9090 }, 'TCP'],
  ['nothing, so Istio detects it', { name: 'metrics', port: 9090 }, undefined],
])('the protocol is that of %s', (_, port, protocol) => {
  const { name } = port
  expect(listen(service([port]))).toEqual([
    { number: 9090, name, ...(protocol !== undefined && { protocol }) },
  ])
})

test('a listener is for the port of the Pod, once', () => {
  const port = { name: 'http-a', port: 80, targetPort: 9090 }
  expect(listen(service([port]), service([port], { app: 'orders' }, 'second'))).toEqual([
    { number: 9090, name: 'http-a', protocol: 'HTTP' },
  ])
})

test('no listener is added for a listed port, the port of the signer, and the Pods of others', () => {
  const ports = [{ port: 80, targetPort: 8000 }, { port: 8081 }]
  expect(listen(service(ports), service([{ port: 9090 }], { app: 'other' }))).toEqual([])
})
