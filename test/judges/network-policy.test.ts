// The judge of the local cluster tells the class of known changes of NetworkPolicies. kube-router enforces each change.
import { testKnown } from '../support/mutations/known.ts'

const policy = 'NetworkPolicy/signer'
const gateway = ['spec', 'ingress', 0, 'from', 0]
const label = 'secure-signing.dev/protected'

testKnown('network-policy', {
  'a second label that no Pod has, in the policy that refuses all': {
    of: `${policy}-deny-all`,
    ...{ path: ['spec', 'podSelector', 'matchLabels', 'added'], to: 'true' },
    ...{ class: 'weakens', evidence: /^with signer-deny-all alone: .*refused → connected/ },
  },
  'signer-deny-all deleted: the other policies refuse the same': {
    ...{ of: `${policy}-deny-all`, class: 'weakens' },
    evidence: /^with signer-deny-all alone: .*refused → connected/,
  },
  'every Pod of the namespace of the gateway': {
    ...{ of: `${policy}-allow-gateway-to-frontend`, path: [...gateway, 'podSelector'] },
    class: 'opens',
    evidence: /^Pod beside the gateway → port 8080 of our Pod: refused → connected$/,
  },
  'the label of the gateway in our namespace': {
    ...{ of: `${policy}-allow-gateway-to-frontend`, path: [...gateway, 'namespaceSelector'] },
    class: 'opens',
    evidence: /^Pod of our namespace with the labels of gateway.* → port 8080 of our Pod/,
  },
  'every Pod of the cluster': {
    ...{ of: `${policy}-allow-gateway-to-frontend`, path: gateway },
    ...{ class: 'opens', evidence: /^Pod of .* → port 8080 of our Pod: refused → connected, and/ },
  },
  'every port for those who scrape': {
    ...{ of: `${policy}-allow-scraping`, path: ['spec', 'ingress', 0, 'ports'] },
    class: 'opens',
    evidence:
      /^Pod of a namespace with secure-signing.dev\/scrapes → port 15006 of our Pod: refused/,
  },
  'another port for those who scrape': {
    ...{ of: `${policy}-allow-scraping`, to: 15021 },
    path: ['spec', 'ingress', 0, 'ports', 2, 'port'],
    ...{ class: 'opens', evidence: /scrapes → port 15021 of our Pod: refused → connected, and 1/ },
  },
  'only the new label for those who scrape': {
    ...{ of: `${policy}-allow-scraping`, path: ['spec', 'ingress', 0, 'from', 1] },
    class: 'breaks',
    evidence: /^Pod of a namespace with secure-signing\/scrapes → port 8080 .*connected → refused/,
  },
  'another gateway': {
    of: `${policy}-allow-gateway-to-frontend`,
    ...{ path: [...gateway, 'podSelector', 'matchLabels', 'istio'], to: 'another' },
    ...{ class: 'breaks', evidence: /^gateway → port 8080 of our Pod: connected → refused$/ },
  },
  'another port of istiod': {
    ...{ of: `${policy}-allow-proxy-to-istiod`, to: 15014 },
    path: ['spec', 'egress', 0, 'ports', 0, 'port'],
    ...{ class: 'opens', evidence: /^our Pod → port 15014 of istiod: refused → connected$/ },
  },
  'no egress to istiod': {
    ...{ of: `${policy}-allow-proxy-to-istiod`, path: ['spec', 'egress'] },
    ...{ class: 'breaks', evidence: /^our Pod → port 15012 of istiod: connected → refused$/ },
  },
  'DNS by TCP alone': {
    ...{ of: `${policy}-allow-dns`, path: ['spec', 'egress', 0, 'ports', 0] },
    ...{ class: 'breaks', evidence: /^our Pod → port 53\/UDP of DNS: connected → refused$/ },
  },
  'a policy for every Pod of the namespace': {
    ...{ of: `${policy}-deny-all`, path: ['spec', 'podSelector', 'matchLabels', label] },
    ...{ class: 'breaks', evidence: /^Pod of our namespace → .*: connected → refused, and/ },
  },
  'every egress': {
    ...{ of: `${policy}-allow-dns`, path: ['spec', 'egress'], to: [{}] },
    ...{ class: 'opens', evidence: /^our Pod → port 15014 of istiod: refused → connected, and/ },
  },
  'a label of the policy itself': {
    ...{ of: `${policy}-deny-all`, path: ['metadata', 'labels', 'team.example/owner'] },
    ...{ to: 'payments', class: 'nothing', evidence: /the API server stores the same policy/ },
  },
  'the name of a policy': {
    ...{ of: `${policy}-deny-all`, path: ['metadata', 'name'], to: 'deny-all' },
    ...{ class: 'nothing', evidence: /^every connection is as before$/ },
  },
  'a protocol that does not exist': {
    ...{ of: `${policy}-allow-dns`, to: 'HTTP' },
    path: ['spec', 'egress', 0, 'ports', 0, 'protocol'],
    ...{ class: 'breaks', evidence: /^the API server refuses it/ },
  },
})
