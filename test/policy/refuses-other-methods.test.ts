// Attacks 10, 12 and 14: methods other than the one, preflight requests, upgrades to another protocol.

import { describe, expect, test } from 'vitest'
import type { Container } from '../../tools/verify/attack/containers.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import {
  bearer,
  describeOutcome,
  signParts,
  writeRequest,
} from '../../tools/verify/attack/requests.ts'
import { type Credentials, SIGNER_IN_POD } from '../../tools/verify/attack/target.ts'
import {
  otherAccountPod,
  otherNamespacePod,
  SIGNER_IN_MESH,
  sameAccountPod,
} from '../support/attack/attackers.ts'
import { testAttack } from '../support/attack/expectations.ts'
import {
  type NamedParts,
  otherMethods,
  overriddenMethods,
  preflights,
  upgrades,
} from '../support/attack/methods.ts'
import { sendFrom } from '../support/attack/send.ts'

/** Only the method is wrong, except in preflight requests and upgrades. */
function writeAll({ token, pairing }: Credentials): Record<string, string> {
  const authorize = ({ name, parts }: NamedParts): NamedParts => ({
    name,
    parts: { ...parts, headers: { ...bearer(token), ...parts.headers } },
  })
  const pair = ({ name, parts }: NamedParts) => ({ name, parts: signParts(pairing, parts) })
  const all = [
    ...[...otherMethods, ...overriddenMethods].map(authorize).map(pair),
    ...preflights.map(pair),
    ...upgrades.map(authorize),
  ]
  return Object.fromEntries(all.map(({ name, parts }) => [name, writeRequest(parts)]))
}

const names = (cases: readonly NamedParts[]) => cases.map(({ name }) => name)

describe.each([
  { who: 'the frontend', choose: (frontend: Container) => frontend, place: SIGNER_IN_POD },
  ...Object.entries({
    'mesh Pod in another namespace': otherNamespacePod,
    'Pod with another ServiceAccount': otherAccountPod,
    'Pod with the same ServiceAccount': sameAccountPod,
  }).map(([who, attacker]) => ({
    who: `the ${who}, with what the frontend has`,
    choose: () => attacker,
    place: SIGNER_IN_MESH,
  })),
])('$who', ({ choose, place }) => {
  const batch = testAttack<Record<string, Outcome>>(({ frontend }, stolen) =>
    sendFrom(choose(frontend), place, writeAll(stolen)),
  )
  const seen = (name: string) => describeOutcome(batch().outcomes[name] as Outcome)
  test('nothing of it reached the signer but what lacks the pairing signature', () => {
    const others = batch().reached.filter(({ outcome }) => outcome !== 'pairing_refused')
    expect(others).toEqual([])
    expect(batch().reached.length).toBeLessThanOrEqual(upgrades.length)
  })
  test.each(names([...otherMethods, ...overriddenMethods]))('is refused: %s', (name) =>
    expect(['400', '403']).toContain(seen(name)),
  )
  // Envoy knows no "*" (404).
  test.each(names(preflights))('is refused without a token: %s', (name) =>
    expect(['403', '404']).toContain(seen(name)),
  )
  // Envoy takes up a WebSocket that the policies allow, and holds the body back until the signer agrees; it never does.
  test.each(names(upgrades))('is not upgraded: %s', (name) =>
    expect(['400', '403', '404', 'timeout']).toContain(seen(name)),
  )
})
