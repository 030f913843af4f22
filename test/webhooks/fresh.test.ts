// Webhooks that the deployment signs are accepted by the receivers' own libraries. Each consumer has its own secret.
import { beforeAll, describe, expect, test } from 'vitest'
import { saveSecret } from '../../tools/verify/faults/support/key-secret.ts'
import { cleanUp } from '../support/clean-up.ts'
import { needsLocalCluster } from '../support/skips.ts'
import {
  type Frontend,
  openFrontend,
  signItems,
  signSingly,
} from '../support/webhooks/frontend/frontend.ts'
import { deriveKey, receive } from '../support/webhooks/receivers.ts'
import { provideWebhookKey } from '../support/webhooks/secret-keys.ts'
import { countAccepted, libraries, verifyWith } from '../support/webhooks/verifiers.ts'
import { headersOf } from '../support/webhooks/webhook-form.ts'

const COUNT = 10_000
const CONSUMERS = 100_000
const everyone = { npm: COUNT, PyPI: COUNT, Go: COUNT }

type Event = { body: string; id: string; consumer?: string; consumer_versions?: number[] }

function makeEvent(index: number): Event {
  const data = { order: index, price: index / 100, text: 'Grüße € 🔑', version: '1.2.3' }
  return { body: JSON.stringify({ type: 'order.created', data }), id: `event-${index}` }
}

describe('signed webhooks', needsLocalCluster, () => {
  let frontend: Frontend
  let key: Uint8Array
  beforeAll(async () => {
    frontend = await openFrontend()
    cleanUp(() => frontend.stop())
    cleanUp(await saveSecret())
    key = (await provideWebhookKey(frontend)).key
  })

  test('10,000 are accepted by the libraries of npm, PyPI and Go', async () => {
    const events = Array.from({ length: COUNT }, (_, index) => {
      const event = makeEvent(index)
      return index % 2 === 0 ? event : { ...event, consumer: `customer-${index}` }
    })
    const half = COUNT / 2
    const results = [
      ...(await signSingly(frontend, events.slice(0, half))),
      ...(await signItems(frontend, events.slice(half))),
    ]
    const received = events.map(({ body, consumer }, index) => {
      const own = consumer === undefined ? key : deriveKey(key, consumer)
      return receive(own, headersOf(results[index]), body)
    })
    expect(await countAccepted(received)).toEqual(everyone)
    expect(new Set(results.map((result) => headersOf(result)['webhook-signature'])).size).toBe(
      COUNT,
    )
    expect(results.map((result) => headersOf(result)['webhook-id'])).toEqual(
      events.map(({ id }) => id),
    )
  })

  test('one consumer gets a new secret by its version, and the others notice nothing', async () => {
    const sign = (consumer: string, versions?: number[]) =>
      Array.from({ length: COUNT / 10 }, (_, index) => ({
        ...makeEvent(index),
        ...{ consumer, ...(versions && { consumer_versions: versions }) },
      }))
    for (const versions of [undefined, [1], [2, 1], [2], [3, 2]]) {
      const [rotated, others] = [sign('acme', versions), sign('globex')]
      const results = await signItems(frontend, [...rotated, ...others])
      const receiveAll = (events: Event[], from: number, receiver: Uint8Array) =>
        events.map(({ body }, at) => receive(receiver, headersOf(results[from + at]), body))
      for (const version of [1, 2, 3]) {
        const isKnown = (versions ?? [1]).includes(version)
        const count = isKnown ? rotated.length : 0
        const received = receiveAll(rotated, 0, deriveKey(key, 'acme', version))
        expect(await countAccepted(received)).toEqual({ npm: count, PyPI: count, Go: count })
      }
      const theirs = receiveAll(others, rotated.length, deriveKey(key, 'globex'))
      const all = others.length
      expect(await countAccepted(theirs)).toEqual({ npm: all, PyPI: all, Go: all })
      for (const result of results.slice(rotated.length)) {
        expect(headersOf(result)['webhook-signature']).not.toContain(' ')
      }
    }
  })

  test('a webhook for one consumer is none for the 99,999 others', async () => {
    const chosen = 4_711
    const [body, consumer] = ['{"text":"for one"}', `customer-${chosen}`]
    const [result] = await signSingly(frontend, [{ body, consumer }])
    const secrets = Array.from({ length: CONSUMERS }, (_, index) =>
      deriveKey(key, `customer-${index}`),
    )
    expect(new Set(secrets.map((each) => each.toString('hex'))).size).toBe(CONSUMERS)
    for (const library of libraries) {
      const received = secrets.map((each) => receive(each, headersOf(result), body))
      const accepted = await verifyWith(library, received)
      const by = accepted.flatMap((isAccepted, index) => (isAccepted ? [index] : []))
      expect([library, by]).toEqual([library, [chosen]])
    }
    const [withMaster] = [receive(key, headersOf(result), body)]
    expect(await countAccepted([withMaster])).toEqual({ npm: 0, PyPI: 0, Go: 0 })
  })
})
