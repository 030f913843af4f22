// Attacks 25, 26 and 27 on the live cluster, after Istio's injection.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { tryRun } from '../../tools/cli/exec.ts'
import { kubectl, kubectlJson } from '../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../tools/kube/names.ts'
import { resourceSchema } from '../../tools/kube/resources.ts'
import { openApi } from '../../tools/verify/admission/api-server/api.ts'
import { attemptCase } from '../../tools/verify/admission/attempt.ts'
import type { AdmissionTarget } from '../../tools/verify/admission/cases/case.ts'
import { asPod } from '../../tools/verify/admission/pods.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { testAdmission } from '../support/admission/table-tests.ts'
import { otherAccountPod } from '../support/attack/attackers.ts'
import { cleanUp } from '../support/clean-up.ts'
import { makeFolder } from '../support/folder.ts'

const policies = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({ typeChecking: z.object({ expressionWarnings: z.unknown() }).partial() }),
    }),
  ),
})

let target: AdmissionTarget

beforeAll(async () => {
  const get = ['get', 'deployment', deployment, '-n', namespace, '-o', 'json']
  const { frontend } = await findTarget()
  const api = await openApi(await makeFolder())
  const allowList = ['get', 'configmap', 'envoy-admin-allowlist', '-n', namespace, '-o', 'json']
  const configMaps = [await kubectlJson(resourceSchema, allowList)]
  cleanUp(() => api[Symbol.asyncDispose]())
  target = {
    ...{ api, namespace, otherNamespace: 'default', deployment, configMaps },
    template: asPod([await kubectlJson(resourceSchema, get)], 'admission-test'),
    pod: frontend.pod,
    keylessPod: otherAccountPod.pod,
  }
})

testAdmission(() => target)

test('refuses a Pod whose injected proxy mounts the key', async () => {
  const path = 'metadata.annotations.sidecar~1istio~1io/userVolumeMount'
  const mounts = '{"hmac-key": {"mountPath": "/run/key", "readOnly": true}}'
  const { said } = await attemptCase(target, { does: 'make', changes: [[path, mounts]] })
  expect(said).toContain('only the container signer may mount the Secret hmac-key, not istio-proxy')
})

test('an allowed command runs', async () => {
  const args = ['exec', target.pod, '-n', namespace, '-c', 'frontend', '--']
  expect(await tryRun('kubectl', [...args, '/nodejs/bin/node', '-e', '0'])).toMatchObject({
    code: 0,
  })
})

test('the API server finds no type error in a policy', async () => {
  const get = ['get', 'validatingadmissionpolicies', '-o', 'json']
  const { items } = await kubectlJson(policies, get)
  const ours = items.filter(({ metadata }) => metadata.name.startsWith('secure-signing-'))
  expect(ours).toHaveLength(6)
  for (const { status } of ours) expect(status.typeChecking.expressionWarnings).toBeUndefined()
})

describe('a user with edit rights in the namespace', () => {
  const name = 'signing-test-editor'
  const binding = {
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
    metadata: { name, namespace },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
  }
  beforeAll(() => kubectl(['apply', '-f', '-'], { input: JSON.stringify(binding) }))
  afterAll(() => kubectl(['delete', 'rolebinding', name, '-n', namespace]))

  test('may create Pods and enter them, if admission allows it', async () => {
    expect(await canI(name, 'create', 'pods')).toBe('yes')
    expect(await canI(name, 'create', 'pods/exec')).toBe('yes')
  })
  test.each([
    ['delete', 'validatingadmissionpolicybindings'],
    ['patch', 'validatingadmissionpolicies'],
    ['patch', 'namespaces'],
  ])('may not %s %s', async (verb, resource) => {
    expect(await canI(name, verb, resource)).toBe('no')
  })
})

async function canI(user: string, verb: string, resource: string): Promise<string> {
  const args = ['auth', 'can-i', verb, resource, `--as=${user}`, '-n', namespace]
  return (await tryRun('kubectl', args)).stdout.trim()
}
