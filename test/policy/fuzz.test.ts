// Looks for any answer that somebody has no right to: thousands of random requests by everybody who may not sign.

import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readVariable } from '../../tools/cli/make-variables.ts'
import { withGateway } from '../../tools/verify/attack/gateway.ts'
import { SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import {
  nonMeshPod,
  otherAccountPod,
  otherNamespacePod,
  SIGNER_IN_MESH,
  sameAccountPod,
} from '../support/attack/attackers.ts'
import { testAttack } from '../support/attack/expectations.ts'
import { forgeTokens } from '../support/attack/forged-tokens.ts'
import { makeFuzzedRequests } from '../support/attack/fuzz.ts'
import { type FuzzAnswer, sendFuzzed } from '../support/attack/fuzzing.ts'

const seed = Number(readVariable('FUZZ_SEED') ?? randomInt(2 ** 31))
const count = Number(readVariable('FUZZ_COUNT') ?? 5_000)
/** Answers that need no token and no pairing signature. */
const openToPod = /^(\{"status":"ok"\}$|# HELP |$)/

const callers = [
  'the frontend without its token',
  'the frontend without the pairing secret',
  'a Pod with the same ServiceAccount, without the pairing secret',
  'a Pod with another ServiceAccount, with everything',
  'a mesh Pod in another namespace, with everything',
  'a Pod without a sidecar, with everything',
  'a public client, with everything',
] as const
const share = Math.ceil(count / callers.length)

describe(`fuzzing, FUZZ_SEED=${seed}`, () => {
  type Answers = Record<(typeof callers)[number], FuzzAnswer[]>
  const batch = testAttack<Answers>(
    ({ frontend, podIP }, { token, pairing }) =>
      withGateway(async (world) => {
        const requests = makeFuzzedRequests(seed, share * callers.length)
        const forged = Object.values(await forgeTokens(token))
        const everything = { tokens: [token, ...forged], pairing }
        const withoutToken = { tokens: forged, pairing }
        const withoutPairing = { tokens: [token] }
        const take = (index: number) => requests.slice(index * share, (index + 1) * share)
        const fromOutside = Promise.all([
          sendFuzzed(nonMeshPod, { host: podIP, port: 8081 }, take(5), everything),
          sendFuzzed('here', world, take(6), everything),
        ])
        // One after the other. Together they would exceed the signer's limit.
        const inMesh = {
          [callers[0]]: await sendFuzzed(frontend, SIGNER_IN_POD, take(0), withoutToken),
          [callers[1]]: await sendFuzzed(frontend, SIGNER_IN_POD, take(1), withoutPairing),
          [callers[2]]: await sendFuzzed(sameAccountPod, SIGNER_IN_MESH, take(2), withoutPairing),
          [callers[3]]: await sendFuzzed(otherAccountPod, SIGNER_IN_MESH, take(3), everything),
          [callers[4]]: await sendFuzzed(otherNamespacePod, SIGNER_IN_MESH, take(4), everything),
        }
        const [byOutsider, byWorld] = await fromOutside
        return { ...inMesh, [callers[5]]: byOutsider, [callers[6]]: byWorld }
      }),
    600_000,
  )

  test(`at least ${count} requests were sent, and most were understood`, () => {
    const answers = Object.values(batch().outcomes).flat()
    expect(answers.length).toBeGreaterThanOrEqual(count)
    expect(answers.filter(({ status }) => status !== undefined).length).toBeGreaterThan(count / 2)
  })

  const listServed = (who: (typeof callers)[number]) =>
    batch().outcomes[who].filter(({ status = 0 }) => status >= 100 && status < 300)

  test.each(callers.slice(0, 3))('nothing is served but what is open to the Pod: %s', (who) => {
    expect(listServed(who).filter(({ body }) => !openToPod.test(body))).toEqual([])
  })

  test.each(callers.slice(3))('nothing is served: %s', (who) => {
    expect(listServed(who)).toEqual([])
  })

  test(`no answer comes: ${callers[5]}`, () => {
    expect(batch().outcomes[callers[5]].filter(({ status }) => status !== undefined)).toEqual([])
  })
})
