// Attacks 1, 2 and 3: the frontend container with wrong tokens. Only its own token gets a signature.
import type { KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace, serviceAccount } from '../../tools/kube/names.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import {
  describeOutcome,
  type RequestParts,
  signParts,
  tokenHeader,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { SIGNER_IN_POD, type Target } from '../../tools/verify/attack/target.ts'
import { issueToken } from '../../tools/verify/attack/tokens.ts'
import { otherAccountPod } from '../support/attack/attackers.ts'
import { runBatch } from '../support/attack/batch.ts'
import { type testAttack, testAttackOnMesh, testOutcomes } from '../support/attack/expectations.ts'
import {
  copyWithClusterKey,
  forgeTokens,
  forgeWithClusterKey,
} from '../support/attack/forged-tokens.ts'
import { type Outcomes, sendAll } from '../support/attack/send.ts'
import { needsLocalCluster } from '../support/skips.ts'

type Cases = Record<string, RequestParts>

/** Sends requests with valid pairing signatures, so that only the token is wrong. */
function send({ frontend }: Target, pairing: KeyObject, cases: Cases): Promise<Outcomes> {
  const requests = Object.entries(cases).map(([name, parts]) => {
    return [name, writeRequest(signParts(pairing, parts))]
  })
  return sendAll(frontend, SIGNER_IN_POD, Object.fromEntries(requests))
}

const withTokens = (tokens: Record<string, string>): Cases =>
  Object.fromEntries(
    Object.entries(tokens).map(([name, token]) => [name, { headers: tokenHeader(token) }]),
  )

/** The right token in the wrong place. */
const misplaced = (token: string): Cases => ({
  'none at all': {},
  'in the query string': { path: `/sign?access_token=${token}` },
  "in the query string, by the header's name": { path: `/sign?caller-token=${token}` },
  'in another header': { headers: { 'x-access-token': token } },
  'in a cookie': { headers: { cookie: `caller-token=${token}` } },
  'in Authorization': { headers: { authorization: `Bearer ${token}` } },
  'in Authorization, without "Bearer"': { headers: { authorization: token } },
  'in Authorization, as Basic': { headers: { authorization: `Basic ${token}` } },
})

/** Tests that the attack sends exactly the requests `names`, and that each is answered with one of `statuses`. */
function testRefusals(
  attack: Parameters<typeof testAttack<Outcomes>>[0],
  statuses: readonly string[],
  names: readonly string[],
): void {
  const load = testAttackOnMesh(attack)
  test('the list of requests is complete', () => {
    expect(Object.keys(load().outcomes)).toEqual(names)
  })
  testOutcomes('is refused: %s', names, (name) => load().outcomes[name], statuses)
}

describe('the frontend, with its token in the wrong place', () => {
  let pod: string
  let sent: string

  test('the token is in no log', async () => {
    const log = await kubectl(['logs', '-n', namespace, pod, '--all-containers', '--since=5m'])
    expect(log).toContain('"event":"audit"')
    for (const part of sent.split('.')) expect(log.includes(part)).toBe(false)
  })

  testRefusals(
    async (target, { token, pairing }) => {
      pod = target.frontend.pod
      sent = token
      return send(target, pairing, misplaced(token))
    },
    // The policy refuses them, because the check of tokens sees none.
    ['403'],
    [
      ...['none at all', 'in the query string', "in the query string, by the header's name"],
      ...['in another header', 'in a cookie', 'in Authorization'],
      ...['in Authorization, without "Bearer"', 'in Authorization, as Basic'],
    ],
  )
})

describe('the frontend, with a token that is not its own', () => {
  testRefusals(
    async (target, { token, pairing }) =>
      send(
        target,
        pairing,
        withTokens({
          'for the API server': await issueToken(serviceAccount),
          'of another ServiceAccount': await issueToken(otherAccountPod.pod, 'signer'),
          'after "Bearer"': `Bearer ${token}`,
          ...(await forgeTokens(token)),
        }),
      ),
    ['401', '403', '431'],
    [
      ...['for the API server', 'of another ServiceAccount', 'after "Bearer"'],
      ...['signed with another key', 'signed with another key, and with an unknown kid'],
      ...['alg none', 'alg none, with the signature', 'HS256, keyed with the public key'],
      ...['another payload under the same signature', 'no signature', 'garbage', 'the word null'],
      '16 KiB long',
    ],
  )
})

describe("the frontend, with a token signed by the cluster's own key", needsLocalCluster, () => {
  test('is served if it has the claims of the mounted token', async () => {
    await runBatch(async (target, { token, pairing }) => {
      const right = withTokens({ right: await copyWithClusterKey(token) })
      const copied = await send(target, pairing, right)
      expect(describeOutcome(copied.right as Outcome)).toBe('200')
    })
  })
  testRefusals(
    async (target, { token, pairing }) =>
      send(target, pairing, withTokens(await forgeWithClusterKey(token))),
    ['401', '403'],
    [
      ...['expired', 'not yet valid', 'of another issuer', 'of another subject'],
      ...['of another namespace', 'for another audience', 'for an audience that begins with ours'],
      'for no audience',
    ],
  )
})
