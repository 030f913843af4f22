// The judge of the local cluster, with the component seccomp: what a lost profile, or a wider one, opens.
import { testKnown } from '../support/mutations/known.ts'
import { readProfileFiles } from '../support/services/seccomp-profiles.ts'

const configMap = 'ConfigMap/seccomp-profiles'
const daemonSet = 'DaemonSet/seccomp-profiles'
const containers = ['spec', 'template', 'spec', 'containers']
const [file = '', profile = ''] =
  Object.entries(readProfileFiles()).find(([name]) => name.startsWith('signer')) ?? []

testKnown('seccomp', {
  'one more system call in the profile of the signer': {
    ...{ of: configMap, path: ['data', file], to: profile.replace('"futex"', '"futex", "kill"') },
    ...{ class: 'weakens', evidence: /signer: native code may: kill/ },
  },
  'one system call less that the signer needs': {
    ...{ of: configMap, path: ['data', file], to: profile.replace('"futex",', '') },
    ...{ class: 'breaks', evidence: /differs: the Pod does not start/ },
  },
  'no profile of the signer for the node': {
    ...{ of: configMap, path: ['data', file], class: 'breaks' },
    evidence: /the node does not get signer-/,
  },
  'another label of the profiles': {
    ...{ of: configMap, path: ['metadata', 'labels', 'team.example/owner'], to: 'payments' },
    ...{ class: 'nothing', evidence: /makes the same of it/ },
  },
  'a DaemonSet that does not copy them': {
    ...{ of: daemonSet, path: [...containers, 0, 'args'], to: ['setInterval(() => {}, 60_000)'] },
    ...{ class: 'breaks', evidence: /the node does not get/ },
  },
  'a DaemonSet that mounts more of the node': {
    of: daemonSet,
    path: ['spec', 'template', 'spec', 'volumes', 1, 'hostPath', 'path'],
    ...{ to: '/var/lib/kubelet/seccomp', class: 'weakens', evidence: /install: the mount \/node/ },
  },
  'the profile of the runtime for the frontend': {
    of: 'Deployment/secure-signing',
    path: [...containers, 0, 'securityContext', 'seccompProfile'],
    ...{
      to: { type: 'RuntimeDefault' },
      class: 'opens',
      evidence: /writes \/dev\/shm/,
    },
  },
  'the profile of the runtime for the signer': {
    of: 'Deployment/secure-signing',
    path: [...containers, 1, 'securityContext', 'seccompProfile'],
    ...{ to: { type: 'RuntimeDefault' }, class: 'breaks', evidence: /signer-runs-as-released/ },
  },
})
