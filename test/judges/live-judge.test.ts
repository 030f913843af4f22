// The judge of the local cluster tells the class of changes that are known. Each change runs on the cluster, as in a mutation test.
import { testKnown } from '../support/mutations/known.ts'

const policy = 'AuthorizationPolicy/signer'
const deployment = 'Deployment/secure-signing'
const containers = ['spec', 'template', 'spec', 'containers']
const frontend = [...containers, 0]
const signer = [...containers, 1]

testKnown('default', {
  'every path in the policy for metrics': {
    ...{ of: `${policy}-allow-metrics`, to: ['*'] },
    path: ['spec', 'rules', 0, 'to', 0, 'operation', 'paths'],
    ...{ class: 'opens', evidence: /GET \/healthz of the signer: 403 .* → 200/ },
  },
  'mTLS PERMISSIVE': {
    of: 'PeerAuthentication/signer-require-mtls',
    ...{ path: ['spec', 'mtls', 'mode'], to: 'PERMISSIVE' },
    ...{ class: 'weakens', evidence: /closed \(mtls\) → 403 .*\(policy\)/ },
  },
  'signer-deny-others deleted': {
    ...{ of: `${policy}-deny-others`, class: 'weakens' },
    evidence: /^with an ALLOW policy for everything/,
  },
  'signer-allow-caller deleted': {
    ...{ of: `${policy}-allow-caller`, class: 'breaks', evidence: /POST \/sign: 200 → 403/ },
  },
  'another label of a policy': {
    of: `${policy}-allow-caller`,
    ...{ path: ['metadata', 'labels', 'team.example/owner'], to: 'payments' },
    ...{ class: 'nothing', evidence: /configuration .* is the same/ },
  },
  'no seccomp profile of the frontend': {
    of: deployment,
    ...{ path: [...frontend, 'securityContext', 'seccompProfile'], to: { type: 'Unconfined' } },
    ...{ class: 'breaks', evidence: /is refused: .*PodSecurity/ },
  },
  'no limits of the frontend': {
    ...{ of: deployment, path: [...frontend, 'resources', 'limits'] },
    ...{ class: 'weakens', evidence: /frontend: the memory in bytes/ },
  },
  'a file system of the frontend that is writable': {
    of: deployment,
    ...{ path: [...frontend, 'securityContext', 'readOnlyRootFilesystem'], to: false },
    ...{ class: 'opens', evidence: /writes \/tmp/ },
  },
  'a capability of the signer': {
    of: deployment,
    ...{ path: [...signer, 'securityContext', 'capabilities', 'add'], to: ['SYS_PTRACE'] },
    ...{ class: 'breaks', evidence: /is refused: .*PodSecurity/ },
  },
  'another image of the signer': {
    ...{ of: deployment, path: [...signer, 'image'], to: 'registry.example/team/signer:other' },
    ...{ class: 'breaks', evidence: /signer-runs-as-released/ },
  },
  'another number of Pods': {
    ...{ of: deployment, path: ['spec', 'replicas'], to: 3 },
    ...{ class: 'nothing', evidence: /admits the same Pod/ },
  },
})
