// The attacks on the mesh, on the Pod and on the namespace, in the order of their numbers: 1 to 28.
import { type AttackGroup, compromised } from './entries.ts'

const policy = 'test/policy'
const admission = [
  `${policy}/refuses-at-admission.test.ts`,
  'test/integration/admission/admission.test.ts',
]
const frontend = 'the frontend container'
const code = 'code in the frontend container'
const namespaceUser = 'a user with edit rights in the namespace'
const anyone = 'any caller'

export const policyAttacks: readonly AttackGroup[] = [
  {
    title: 'Callers',
    attacks: [
      {
        attacker: frontend,
        attempt: 'calls the signer with token and pairing signature, as it should',
        expected: '200, with the MAC that OpenSSL computes',
        shownBy: [`${policy}/serves-the-frontend.test.ts`],
      },
      {
        attacker: frontend,
        attempt:
          'sends no token, or one that is expired, not yet valid, unsigned, too long, or made for somebody else',
        expected: '401, 403 or 431, nothing signed',
        shownBy: [`${policy}/refuses-bad-tokens.test.ts`],
      },
      {
        attacker: frontend,
        attempt: 'sends its token in the query string or in another header',
        expected: '403, and the token is in no log',
        shownBy: [`${policy}/refuses-bad-tokens.test.ts`],
      },
      {
        attacker: frontend,
        attempt: 'sends no pairing signature, a wrong or old one, or that of another body',
        expected: '403 from the signer, nothing signed, and counted',
        shownBy: [`${policy}/refuses-other-frontends.test.ts`],
      },
      {
        attacker: 'a Pod with the same ServiceAccount',
        attempt: 'sends its own valid token, or the frontend’s stolen one',
        expected: 'refused by the signer',
        shownBy: [`${policy}/refuses-other-frontends.test.ts`],
      },
      {
        attacker: 'a Pod with another ServiceAccount, and a mesh Pod of another namespace',
        attempt: 'send no token, the stolen token, or forged identity headers',
        expected: '403, nothing signed',
        shownBy: [`${policy}/refuses-other-pods.test.ts`],
      },
      {
        attacker: 'a Pod without a sidecar',
        attempt:
          'connects to ports 8080 and 8081 in plain HTTP, or in TLS with a self-made certificate',
        expected: 'a closed connection, without an HTTP status',
        shownBy: [`${policy}/refuses-other-pods.test.ts`],
      },
      {
        attacker: 'a public client',
        attempt:
          'asks the gateway for the signer’s paths, its host, metrics, and other frontend paths',
        expected: '403 or 404, nothing signed',
        shownBy: [`${policy}/refuses-public-clients.test.ts`],
      },
      {
        attacker: 'other Pods of the mesh',
        attempt: 'call the frontend directly',
        expected: '403, because only the gateway’s identity is allowed',
        shownBy: [`${policy}/refuses-other-pods.test.ts`],
      },
      {
        attacker: anyone,
        attempt: 'sends a CORS preflight without a token, which the JWT filter of Istio lets pass',
        expected: '403',
        shownBy: [`${policy}/refuses-other-methods.test.ts`],
      },
    ],
  },
  {
    title: 'Paths and methods',
    attacks: [
      {
        attacker: 'a mesh Pod of another namespace, and the frontend',
        attempt:
          'write `/sign` in other forms, with slashes, dots, capitals, percent-encoding, queries or fragments',
        expected: 'refused, or for the frontend the documented answer each time',
        shownBy: [`${policy}/refuses-other-paths.test.ts`, `${policy}/refuses-over-http2.test.ts`],
      },
      {
        attacker: anyone,
        attempt: 'uses another method, or a header that overrides the method',
        expected: '400, 403 or 405, nothing signed',
        shownBy: [`${policy}/refuses-other-methods.test.ts`],
      },
      {
        attacker: anyone,
        attempt: 'smuggles a second request: two lengths, length and chunks, bare line feeds',
        expected: '400 and a closed connection, and nobody sees a second request',
        shownBy: [`${policy}/refuses-malformed-requests.test.ts`],
      },
      {
        attacker: anyone,
        attempt: 'upgrades the connection to WebSocket or h2c',
        expected: 'no 101',
        shownBy: [`${policy}/refuses-other-methods.test.ts`],
      },
    ],
  },
  {
    title: 'Compromised frontend',
    attacks: [
      {
        attacker: code,
        attempt: 'connects to every port of 127.0.0.1, ::1 and the Pod’s address',
        expected: 'only the listed ports answer, and the signer has none of them',
        shownBy: [`${compromised}/around-the-proxy.test.ts`],
      },
      {
        attacker: code,
        attempt: 'searches files, environments and memory for the key, raw, in hex and in base64',
        expected: 'nothing found',
        shownBy: [`${compromised}/in-the-container.test.ts`],
      },
      {
        attacker: code,
        attempt: 'looks for the signer’s socket, and for abstract sockets',
        expected: 'none that it can connect to',
        shownBy: [`${compromised}/in-the-container.test.ts`],
      },
      {
        attacker: code,
        attempt: 'sends HTTP and TLS to the proxy’s ports 15001 and 15006',
        expected: 'closed, nothing signed',
        shownBy: [`${compromised}/around-the-proxy.test.ts`],
      },
      {
        attacker: code,
        attempt: 'calls Envoy’s admin port to read its configuration or to stop it',
        expected: '403',
        shownBy: [`${compromised}/around-the-proxy.test.ts`],
      },
      {
        attacker: code,
        attempt: 'stops the proxy with the ports of Istio’s agent',
        expected: 'signing is back within 15 s, and nobody gets in meanwhile',
        shownBy: [`${compromised}/at-the-agent.test.ts`],
      },
      {
        attacker: code,
        attempt: 'looks for a Node inspector of the signer, also after SIGUSR1',
        expected: 'refused',
        shownBy: [`${compromised}/in-the-container.test.ts`],
      },
      {
        attacker: code,
        attempt:
          'opens raw sockets, changes its user, mounts, unshares, writes to the root file system, starts processes',
        expected: 'refused',
        shownBy: [`${compromised}/in-the-container.test.ts`],
      },
      {
        attacker: code,
        attempt: 'uses its token, or none, at the API server',
        expected: 'refused each time',
        shownBy: [`${compromised}/at-the-api-server.test.ts`],
      },
      {
        attacker: 'each container of the Pod',
        attempt: 'looks for what belongs to another: key, token, pairing secret, user id 1337',
        expected: 'not there, or refused',
        shownBy: [
          `${compromised}/across-containers.test.ts`,
          'test/integration/rendered/rendered.test.ts',
        ],
      },
    ],
  },
  {
    title: 'Edit rights in the namespace',
    attacks: [
      {
        attacker: namespaceUser,
        attempt: 'creates or changes a workload so that another container gets the key',
        expected: 'refused at admission',
        shownBy: [...admission, 'test/integration/admission/vault-admission.test.ts'],
      },
      {
        attacker: namespaceUser,
        attempt: 'shares process namespaces, adds an ephemeral container, or enters the signer',
        expected: 'refused at admission',
        shownBy: admission,
      },
      {
        attacker: namespaceUser,
        attempt: 'deletes one policy resource, then all of them',
        expected: 'no unauthorized signature, and an alert names the resource',
        shownBy: [
          `${policy}/holds-without-one.test.ts`,
          `${policy}/holds-without-policies.test.ts`,
          'test/monitoring/monitoring.test.ts',
        ],
      },
      {
        attacker: namespaceUser,
        attempt: 'adds a Service for the signer’s port while all policies are deleted',
        expected: 'other Pods are refused by the signer',
        shownBy: [`${policy}/holds-without-policies.test.ts`],
      },
    ],
  },
]
