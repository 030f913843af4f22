// What README and security model promise, and the tests that show it: the first part of docs/test-coverage.md.
import { compromised, faults, type Promised } from './entries.ts'

const key: readonly Promised[] = [
  {
    promise:
      'The key is mounted into the signer alone. It is in no environment variable, manifest or log, also after Istio’s injection.',
    shownBy: [['tools/analyze/rules/key-rules.ts'], ['test/integration/rendered/injected.test.ts']],
  },
  {
    promise:
      'Code in the frontend container finds no key, no path around the proxy, and no right that it should not have.',
    shownBy: [
      [
        `${compromised}/in-the-container.test.ts`,
        'finds no key in a file, the environment or memory, raw, in hex or in base64',
      ],
      [`${compromised}/around-the-proxy.test.ts`],
      [`${compromised}/across-containers.test.ts`],
    ],
  },
  {
    promise: 'The proxy reads neither the key, nor the pairing secret, nor the caller token.',
    shownBy: [
      [
        `${compromised}/across-containers.test.ts`,
        "the proxy: the socket, but not the key, the pairing secret or the frontend's token",
      ],
    ],
  },
  {
    promise:
      'Edit rights in the namespace bring the key into no other container or image, and no shell into the signer.',
    shownBy: [
      ['test/policy/refuses-at-admission.test.ts'],
      ['test/integration/admission/admission.test.ts'],
    ],
  },
  {
    promise: 'The role of the component deployer can deploy, and cannot read the key.',
    shownBy: [
      [
        'test/integration/admission/admission.test.ts',
        'gives the deployer what he needs, and not the key',
      ],
    ],
  },
  {
    promise: 'A key under 14 bytes is refused. A key under 32 bytes is warned about and counted.',
    shownBy: [
      ['test/unit/signer/key-files.test.ts', 'a key of 14 bytes, and reports that it is short'],
    ],
  },
  {
    promise: 'An unusable Secret never replaces usable keys.',
    shownBy: [['test/unit/signer/key-holder.test.ts'], faults],
  },
]

const callers: readonly Promised[] = [
  {
    promise: 'Each caller gets what is declared, and nothing else.',
    shownBy: [
      [
        'test/policy/matrix.test.ts',
        'exits with 0 if every cell is as declared, and prints a row for each caller',
      ],
    ],
  },
  {
    promise:
      'The frontend gets signatures with its own token. Without one, or with one of 25 kinds of wrong ones, it gets none.',
    shownBy: [
      ['test/policy/serves-the-frontend.test.ts'],
      ['test/policy/refuses-bad-tokens.test.ts', 'the frontend, with a token that is not its own'],
    ],
  },
  {
    promise: 'A Pod with the same ServiceAccount gets no signature.',
    shownBy: [
      ['test/policy/refuses-other-frontends.test.ts', 'another Pod with the same ServiceAccount'],
    ],
  },
  {
    promise:
      'Pods with another ServiceAccount, of any namespace, are refused, also with the stolen token and forged headers.',
    shownBy: [
      [
        'test/policy/refuses-other-pods.test.ts',
        'POST /sign with the stolen token and forged identity headers',
      ],
    ],
  },
  {
    promise: 'A Pod without a sidecar gets a closed connection, in plain HTTP and in TLS.',
    shownBy: [['test/policy/refuses-other-pods.test.ts', 'a Pod without a sidecar']],
  },
  {
    promise: 'Public clients have one path and one method.',
    shownBy: [
      ['test/policy/refuses-public-clients.test.ts'],
      ['test/policy/refuses-malformed-requests.test.ts'],
    ],
  },
  {
    promise:
      'No other way to write a request opens anything: paths, methods, HTTP/2, smuggling, random requests.',
    shownBy: [
      ['test/policy/refuses-other-paths.test.ts'],
      ['test/policy/refuses-other-methods.test.ts'],
      ['test/policy/refuses-over-http2.test.ts'],
      ['test/policy/refuses-malformed-requests.test.ts'],
      ['test/policy/fuzz.test.ts'],
    ],
  },
  {
    promise: 'The API server accepts the caller token for nothing.',
    shownBy: [[`${compromised}/at-the-api-server.test.ts`]],
  },
]

const controls: readonly Promised[] = [
  {
    promise:
      'C1 alone refuses a mesh Pod of another namespace that stole both token and pairing secret.',
    shownBy: [
      ['test/policy/matrix.test.ts'],
      ['tools/verify/matrix/declared.ts', 'a mesh Pod in another namespace'],
    ],
  },
  {
    promise: 'C2 alone refuses code in the right Pod with the right pairing but a wrong token.',
    shownBy: [
      ['test/policy/refuses-bad-tokens.test.ts', 'the frontend, with a token that is not its own'],
    ],
  },
  {
    promise: 'C3 alone refuses everyone else when every mesh policy is deleted.',
    shownBy: [
      [
        'test/policy/holds-without-policies.test.ts',
        'with every policy deleted: AuthorizationPolicies, mTLS and token check',
      ],
    ],
  },
  {
    promise: 'With any one policy resource deleted nobody gains access, and the matrix names it.',
    shownBy: [
      [
        'test/policy/holds-without-one.test.ts',
        'no caller gets an unauthorized signature or an answer about keys',
      ],
    ],
  },
  {
    promise:
      'There is STRICT mTLS, a default deny, one exact ALLOW per port and no EnvoyFilter. istioctl analyze reports nothing.',
    shownBy: [
      ['tools/analyze/rules/policy-rules.ts'],
      ['test/integration/rendered/rendered.test.ts'],
    ],
  },
]

export const securityPromises = { 'The key': key, Callers: callers, Controls: controls } as const
