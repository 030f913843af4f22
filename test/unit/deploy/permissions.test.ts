// Which rights a deployment takes: those to nodes only where its Pods ask for certain ones.
import { expect, test } from 'vitest'
import { listRequiredPermissions } from '../../../tools/deploy/preflight/permissions.ts'

const listNodes = { verb: 'list', group: '', resource: 'nodes' }
const makeDeployment = (spec: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'signer', namespace: 'signing' },
  spec: { template: { spec } },
})

test('nodes are looked for where a Deployment asks for a label', () => {
  const nodeSelector = { 'kubernetes.io/arch': 'amd64' }
  expect(listRequiredPermissions([makeDeployment({ nodeSelector })])).toContainEqual(listNodes)
})

test('what the deployment removes may be deleted, by its name', () => {
  const gateway = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name: 'world', namespace: 'signing' },
  }
  expect(listRequiredPermissions([], true, [gateway])).toContainEqual({
    ...{ verb: 'delete', group: 'networking.istio.io', resource: 'gateways' },
    ...{ namespace: 'signing', name: 'world' },
  })
})

test('nobody needs to see nodes otherwise', () => {
  expect(listRequiredPermissions([makeDeployment({})])).not.toContainEqual(listNodes)
})
