// The receivers of the tests on webhooks: the public libraries at the machine's clock and at every other.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { NO_GO, skipUnless } from '../../support/skips.ts'
import { COMPILE_MS } from '../../support/timeouts.ts'
import { receive, signAnything } from '../../support/webhooks/receivers.ts'
import { libraries, verifyWith } from '../../support/webhooks/verifiers.ts'

/** The first run compiles one and fetches another. */
vi.setConfig({ testTimeout: COMPILE_MS })

const key = randomBytes(24)
const [id, body] = ['msg_1', '{"text":"Grüße"}']
const hasGo = spawnSync('go', ['version']).status === 0

describe.each(libraries)('the library of %s', (library) => {
  test('has the machine’s clock, or that of the webhook', skipUnless(hasGo, NO_GO), async () => {
    const present = Math.floor(Date.now() / 1_000)
    const later = Date.UTC(2099, 1, 1) / 1_000
    const sent = [present, present - 290, present - 310, present + 310]
    const atMachine = sent.map((time) => receive(key, signAnything(key, id, time, body), body))
    const clocks = [300, 299, -301, -302].map((offset) => later + offset)
    const signed = signAnything(key, id, later, body)
    const atOthers = clocks.map((now) => receive(key, signed, body, now))
    expect(await verifyWith(library, [...atMachine, ...atOthers])).toEqual([
      ...[true, true, false, false],
      ...[true, true, false, false],
    ])
  })

  test('refuses another key, id, time and body', skipUnless(hasGo, NO_GO), async () => {
    const now = Math.floor(Date.now() / 1_000)
    const signed = signAnything(key, id, now, body)
    const wrong = [
      receive(randomBytes(24), signed, body),
      receive(key, { ...signed, 'webhook-id': 'msg_2' }, body),
      receive(key, { ...signed, 'webhook-timestamp': String(now - 1) }, body),
      receive(key, signed, `${body} `),
    ]
    expect(await verifyWith(library, [receive(key, signed, body), ...wrong])).toEqual([
      ...[true, false, false, false, false],
    ])
  })
})
