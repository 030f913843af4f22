// The component network-policy as it is rendered: for this cluster's gateway, for our Pods, for the ports that the mesh uses.
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { readLabels } from '../../analyze/pod.ts'
import { readListeners } from '../../analyze/sidecar.ts'
import { readComponentResources } from '../../deploy/components.ts'
import { namespace } from '../../deploy/names.ts'
import { describeResource, parseResources, type Resource } from '../../deploy/resources.ts'
import { renderSample } from './sample.ts'

let resources: Resource[]
const find = (name: string) => resources.find((each) => describeResource(each) === name)
const readPolicy = (name: string) => Object(find(`NetworkPolicy/${name}`)?.spec)

beforeAll(async () => {
  const { path, yaml } = await renderSample(['network-policy'])
  await rm(dirname(path), { recursive: true })
  resources = parseResources(yaml)
})

test('only the gateway of this cluster is let in, to the one port that a Service leads to', () => {
  const { podSelector, ingress } = readPolicy('allow-gateway-to-frontend')
  expect(ingress).toEqual([
    {
      from: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'edge-system' } },
          podSelector: { matchLabels: { istio: 'edge' } },
        },
      ],
      ports: [{ port: 8080, protocol: 'TCP' }],
    },
  ])
  const [{ key, values }] = podSelector.matchExpressions
  const deployment = find('Deployment/secure-signing')
  expect(values).toContain(Object(deployment && readLabels(deployment))[key])
  expect(Object(find('Service/frontend')?.spec).ports).toMatchObject([{ targetPort: 8080 }])
})

test('the signer’s port is the one that its proxy listens on', () => {
  const deployment = find('Deployment/secure-signing') as Resource
  const ports = readListeners(resources, deployment).map(({ port }) => Number(port))
  for (const name of ['allow-frontend-to-signer', 'allow-signer-from-frontend']) {
    const { ingress = [], egress = [] } = readPolicy(name)
    const [rule] = [...ingress, ...egress]
    expect(rule.ports).toEqual([{ port: 8081, protocol: 'TCP' }])
    expect(ports).toContain(8081)
  }
})

test('every Pod of the namespace is kept from everything else, both ways', () => {
  expect(readPolicy('deny-all')).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
})

test('`make deploy` and `make undeploy` find each where it is: a deny-all alone would cut the Pods off', async () => {
  const known = (await readComponentResources()).filter(({ kind }) => kind === 'NetworkPolicy')
  expect(known.map(({ metadata }) => [metadata.name, metadata.namespace]).toSorted()).toEqual(
    resources
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .map(({ metadata }) => [metadata.name, namespace])
      .toSorted(),
  )
})
