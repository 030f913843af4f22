// The faults under load, and the attacks on signing itself, in the order of their numbers: 29 to 40.
import { type AttackGroup, faults } from './entries.ts'

const [faultTests] = faults
const frontend = 'the frontend container'
const operator = 'an operator'

export const faultAttacks: readonly AttackGroup[] = [
  {
    title: 'Faults under load',
    attacks: [
      {
        attacker: operator,
        attempt: 'rotates the key, swaps the Secret five times, deletes it, or writes a bad key',
        expected: 'no failed request, the last good keys serve, and the bad key is counted',
        shownBy: [faultTests],
      },
      {
        attacker: 'the node’s kubelet',
        attempt: 'rotates the token, or leaves it expired, empty or missing',
        expected: '503 without a token, and never a call with an expired one',
        shownBy: [faultTests],
      },
      {
        attacker: 'SIGKILL',
        attempt: 'ends the signer, the frontend or Envoy',
        expected: 'back within 5 s, 5 s and 15 s, with each failed call answered within 1 s',
        shownBy: [faultTests],
      },
      {
        attacker: operator,
        attempt: 'restarts the Pods one after the other',
        expected: 'no failed request',
        shownBy: [faultTests],
      },
      {
        attacker: 'the cluster',
        attempt: 'loses istiod or kubelet for a while, or renews its certificates',
        expected: 'no failed request',
        shownBy: [faultTests],
      },
      {
        attacker: 'SIGKILL',
        attempt: 'ends the whole cluster',
        expected: 'it serves again by itself, as `make faults` shows',
        shownBy: ['tools/verify/faults/experiments/cluster.ts'],
      },
      {
        attacker: 'other Pods',
        attempt: 'call a new Pod from its first instant',
        expected: 'never 200',
        shownBy: [faultTests],
      },
      {
        attacker: 'public clients',
        attempt: 'send four times the capacity, slow or large bodies, or abort',
        expected: '503, 413 or 408 at once, bounded memory, good requests served',
        shownBy: [
          faultTests,
          'test/process/signer/limits.test.ts',
          'test/unit/signer/overload.test.ts',
        ],
      },
      {
        attacker: 'the container runtime',
        attempt: 'reads no output of the signer',
        expected: 'no signature without its audit line',
        shownBy: [faultTests, 'test/process/audit-blocked.test.ts'],
      },
    ],
  },
  {
    title: 'Signing',
    attacks: [
      {
        attacker: frontend,
        attempt: 'signs test vectors of RFC 4231 and random messages, of text and of bytes',
        expected: 'equal to OpenSSL and Python, byte for byte',
        shownBy: ['test/process/signing-properties.test.ts', 'test/unit/signer/hmac.test.ts'],
      },
      {
        attacker: frontend,
        attempt: 'verifies signatures of wrong length, odd hex, upper case, none, or another key',
        expected: '400 or `valid: false`, and no exception',
        shownBy: ['test/process/schema-abuse.test.ts', 'test/unit/signer/verify.test.ts'],
      },
      {
        attacker: frontend,
        attempt:
          'sends duplicate or unknown fields, `__proto__`, depth 10,000, invalid UTF-8, wrong types',
        expected: '400 as a problem, without a stack trace',
        shownBy: ['test/process/schema-abuse.test.ts', 'test/unit/runtime/json-body.test.ts'],
      },
    ],
  },
]
