// The permissions that a deployment requires. It reads nodes only if its Pods select nodes by a label.
import { expect, test } from 'vitest'
import { listRequiredPermissions } from '../../../tools/deploy/preflight/permissions.ts'

const listNodes = { verb: 'list', group: '', resource: 'nodes' }
const makeDeployment = (spec: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'signer', namespace: 'signing' },
  spec: { template: { spec } },
})

test('a Deployment with a node selector requires the permission to list nodes', () => {
  const nodeSelector = { 'kubernetes.io/arch': 'amd64' }
  expect(listRequiredPermissions([makeDeployment({ nodeSelector })])).toContainEqual(listNodes)
})

test('a resource that the deployment removes requires the permission to delete it by its name', () => {
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

test('other Deployments require no permission for nodes', () => {
  expect(listRequiredPermissions([makeDeployment({})])).not.toContainEqual(listNodes)
})
