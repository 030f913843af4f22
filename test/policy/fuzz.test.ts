// Sends thousands of random requests as every unauthorized caller. No caller gets an answer that it may not have.
import { randomInt } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readVariable } from '../../tools/cli/make-variables.ts'
import type { Origin } from '../../tools/verify/attack/containers.ts'
import { withGateway } from '../../tools/verify/attack/gateway.ts'
import type { Place } from '../../tools/verify/attack/probe.ts'
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
import { type FuzzAnswer, type Possessions, sendFuzzed } from '../support/attack/fuzzing.ts'

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
/** Each row sends one caller after the other. Callers 1 and 2 reach the signer, whose limit they would exceed together. */
const rows = [
  [0, 3],
  [1, 2],
  [4, 5, 6],
]
const share = Math.ceil(count / callers.length)

describe(`fuzzing, FUZZ_SEED=${seed}`, () => {
  const batch = testAttack<FuzzAnswer[][]>(
    ({ frontend, podIP }, { token, pairing }) =>
      withGateway(async (gateway) => {
        const requests = makeFuzzedRequests(seed, share * callers.length)
        const forged = Object.values(await forgeTokens(token))
        const everything = { tokens: [token, ...forged], pairing }
        const withoutPairing = { tokens: [token] }
        const senders: [Origin, Place, Possessions][] = [
          [frontend, SIGNER_IN_POD, { tokens: forged, pairing }],
          [frontend, SIGNER_IN_POD, withoutPairing],
          [sameAccountPod, SIGNER_IN_MESH, withoutPairing],
          [otherAccountPod, SIGNER_IN_MESH, everything],
          [otherNamespacePod, SIGNER_IN_MESH, everything],
          [nonMeshPod, { host: podIP, port: 8081 }, everything],
          ['here', gateway, everything],
        ]
        const answers: FuzzAnswer[][] = []
        const send = async (index: number) => {
          const [from, place, has] = senders[index] as (typeof senders)[number]
          const own = requests.slice(index * share, (index + 1) * share)
          answers[index] = await sendFuzzed(from, place, own, has)
        }
        await Promise.all(
          rows.map(async (row) => {
            for (const index of row) await send(index)
          }),
        )
        return answers
      }),
    600_000,
  )

  test(`at least ${count} requests were sent, and most were understood`, () => {
    const answers = batch().outcomes.flat()
    expect(answers.length).toBeGreaterThanOrEqual(count)
    expect(answers.filter(({ status }) => status !== undefined).length).toBeGreaterThan(count / 2)
  })

  const answersTo = (who: (typeof callers)[number]) =>
    batch().outcomes[callers.indexOf(who)] as FuzzAnswer[]
  const listServed = (who: (typeof callers)[number]) =>
    answersTo(who).filter(({ status = 0 }) => status >= 100 && status < 300)

  test.each(callers.slice(0, 3))('serves only what is open to the Pod: %s', (who) => {
    expect(listServed(who).filter(({ body }) => !openToPod.test(body))).toEqual([])
  })

  test.each(callers.slice(3))('serves nothing: %s', (who) => {
    expect(listServed(who)).toEqual([])
  })

  test(`sends no answer: ${callers[5]}`, () => {
    expect(answersTo(callers[5]).filter(({ status }) => status !== undefined)).toEqual([])
  })
})
