// Attacks 10, 12 and 14: methods other than the allowed one, preflight requests, and upgrades to another protocol.
import { describe, expect, test } from 'vitest'
import type { Container } from '../../tools/verify/attack/containers.ts'
import type { Place } from '../../tools/verify/attack/probe.ts'
import {
  makeRequestId,
  type RequestParts,
  signParts,
  tokenHeader,
  withCredentials,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { type Credentials, SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import {
  otherAccountPod,
  otherNamespacePod,
  SIGNER_IN_MESH,
  sameAccountPod,
} from '../support/attack/attackers.ts'
import { testAttack, testOutcomes } from '../support/attack/expectations.ts'
import {
  type NamedParts,
  otherMethods,
  overriddenMethods,
  preflights,
  upgrades,
} from '../support/attack/methods.ts'
import { type Outcomes, sendAll } from '../support/attack/send.ts'

/** Adds the frontend's credentials, except where a browser would send no token, or where the signer must refuse. */
function writeAll(stolen: Credentials): Record<string, string> {
  const headers = { 'x-request-id': makeRequestId() }
  const write = (cases: readonly NamedParts[], add: (parts: RequestParts) => RequestParts) =>
    cases.map(([name, parts]) => {
      return [name, writeRequest(add({ ...parts, headers: { ...headers, ...parts.headers } }))]
    })
  return Object.fromEntries([
    ...write([...otherMethods, ...overriddenMethods], (parts) => withCredentials(stolen, parts)),
    ...write(preflights, (parts) => signParts(stolen.pairing, parts)),
    ...write(upgrades, (parts) => ({
      ...parts,
      headers: { ...tokenHeader(stolen.token), ...parts.headers },
    })),
  ])
}

const inMesh: [string, Container][] = [
  ['a mesh Pod in another namespace', otherNamespacePod],
  ['a Pod with another ServiceAccount', otherAccountPod],
  ['a Pod with the same ServiceAccount', sameAccountPod],
]
const callers = ['the frontend', ...inMesh.map(([who]) => who)]

// All callers send at the same time, because each waits for upgrades that get no answer.
const batch = testAttack(async ({ frontend }, stolen) => {
  const send = async (who: string, from: Container, place: Place) =>
    [who, await sendAll(from, place, writeAll(stolen))] as const
  return Object.fromEntries(
    await Promise.all([
      send('the frontend', frontend, SIGNER_IN_POD),
      ...inMesh.map(([who, from]) => send(who, from, SIGNER_IN_MESH)),
    ]),
  ) as Record<string, Outcomes>
})

test('only upgrades reach the signer, which refuses them without a pairing signature', () => {
  const { reached } = batch()
  expect(reached.filter(({ outcome }) => outcome !== 'pairing_refused')).toEqual([])
  expect(reached.length).toBeLessThanOrEqual(callers.length * upgrades.length)
  for (const ofOne of Map.groupBy(reached, ({ request_id }) => request_id).values()) {
    expect(ofOne.length).toBeLessThanOrEqual(upgrades.length)
  }
})

describe.each(callers)('%s', (who) => {
  const names = (cases: readonly NamedParts[]) => cases.map(([name]) => name)
  const read = (name: string) => batch().outcomes[who]?.[name]
  const methods = names([...otherMethods, ...overriddenMethods])
  testOutcomes('is refused: %s', methods, read, ['400', '403'])
  // Envoy does not know the path "*" (404).
  testOutcomes('is refused without a token: %s', names(preflights), read, ['403', '404'])
  // Envoy starts a WebSocket that the policies allow, and holds the body back until the signer agrees, which it never does.
  testOutcomes('is not upgraded: %s', names(upgrades), read, ['400', '403', '404', 'timeout'])
})
