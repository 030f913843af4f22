// What make preview refuses to run, and what it takes: changes of the default rendering.
import { beforeAll, describe, expect, test } from 'vitest'
import type { Resource } from '../../../tools/kube/resources.ts'
import { refuseChange } from '../../../tools/verify/preview/refusals/refuse-change.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { applyChange, type Change } from '../../support/mistakes/mistakes.ts'
import { makeContext } from '../../support/preview/context.ts'
import { others, pullRequests } from '../../support/preview/hostile.ts'

const pod = 'Deployment/secure-signing'
let deployed: readonly Resource[]

beforeAll(async () => {
  deployed = (await renderSample()).resources
})

function refuse(change: Change): string[] {
  const changed = applyChange(deployed, change)
  return refuseChange(makeContext(deployed, changed)).map(({ message }) => message)
}

test('twenty pull requests are hostile', () => expect(Object.keys(pullRequests)).toHaveLength(20))

describe('refuses', () => {
  for (const [name, [change, refusal]] of Object.entries({ ...pullRequests, ...others })) {
    test(name, () => {
      const messages = refuse(change)
      expect(messages.filter((each) => refusal.test(each))).not.toEqual([])
    })
  }
})

describe('takes', () => {
  test('what is deployed', () => {
    expect(refuseChange(makeContext(deployed, deployed))).toEqual([])
  })
  const harmless: Record<string, Change> = {
    'mTLS that is PERMISSIVE': [
      'PeerAuthentication/signer-require-mtls',
      'spec.mtls.mode',
      'PERMISSIVE',
    ],
    'one more path in a policy': [
      'AuthorizationPolicy/signer-allow-gateway',
      'spec.rules.0.to.0.operation.paths.+',
      '/healthz',
    ],
    'a public route more': [
      'VirtualService/frontend',
      'spec.http.0.match.+',
      { uri: { exact: '/healthz' } },
    ],
    'a binding at Audit': [
      'ValidatingAdmissionPolicyBinding/secure-signing-key-stays-in-signer',
      'spec.validationActions',
      ['Audit'],
    ],
    'a port that the proxy does not take': [
      pod,
      'spec.template.metadata.annotations.traffic~1sidecar~1istio~1io/excludeInboundPorts',
      '8080',
    ],
    'another tag of the same image': [
      pod,
      'spec.template.spec.containers.frontend.image',
      'registry.example/team/frontend:v2',
    ],
    'a variable of the application': [
      pod,
      'spec.template.spec.containers.frontend.env.+',
      { name: 'LOG_LEVEL', value: 'debug' },
    ],
    'an admin path of the proxy': [
      'ConfigMap/envoy-admin-allowlist',
      'data.custom_bootstrap~1json',
      '{"admin": {"allow_paths": [{"prefix": "/"}]}}',
    ],
    'a policy that Istio only logs': [
      'AuthorizationPolicy/signer-allow-nothing',
      'metadata.annotations',
      { 'istio.io/dry-run': 'true' },
    ],
    'more Pods': [pod, 'spec.replicas', 3],
    'no seccomp profile': [
      pod,
      'spec.template.spec.containers.signer.securityContext.seccompProfile',
      undefined,
    ],
    'no admission policy': [
      'ValidatingAdmissionPolicy/secure-signing-key-stays-in-signer',
      '',
      undefined,
    ],
  }
  for (const [name, change] of Object.entries(harmless)) {
    test(name, () => expect(refuse(change)).toEqual([]))
  }
})
