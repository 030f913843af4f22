// make rotate-key FORM=webhook while the frontend has webhooks signed. At every step the keys sign nothing but webhooks, and no
// receiver rejects any, whether it has the old key or the new one.
import { describe, expect, test, vi } from 'vitest'
import { saveSecret } from '../../tools/verify/faults/support/key-secret.ts'
import { cleanUp } from '../support/clean-up.ts'
import { runMake } from '../support/cluster/make.ts'
import { needsLocalCluster } from '../support/skips.ts'
import {
  type Frontend,
  listWebhookKeys,
  openFrontend,
  type Result,
  signItems,
} from '../support/webhooks/frontend/frontend.ts'
import { deriveKey, receive } from '../support/webhooks/receivers.ts'
import {
  readWebhookKeys,
  removeWebhookKeys,
  type WebhookKeys,
} from '../support/webhooks/secret-keys.ts'
import { countAccepted } from '../support/webhooks/verifiers.ts'
import { expectNoRaw, headersOf } from '../support/webhooks/webhook-form.ts'

vi.setConfig({ testTimeout: 600_000 })

const COUNT = 10_000
const ROUND = 200
const RAW = 'key-1'

type Signed = { body: string; consumer: string | undefined; result: Result }

describe('a rotation of the webhook key', needsLocalCluster, () => {
  test('loses no webhook for receivers with the old or the new key, and opens no raw signature', async () => {
    const frontend = await openFrontend()
    cleanUp(() => frontend.stop())
    cleanUp(await saveSecret())
    await removeWebhookKeys(frontend)
    const all = new Map<string, Buffer>()
    const states: string[] = []
    const signed: Signed[] = []

    async function observe(): Promise<void> {
      for (const [id, key] of await readWebhookKeys()) all.set(id, key)
      const state = (await listWebhookKeys(frontend)).join(' ')
      if (states.at(-1) !== state) states.push(state)
      await expectNoRaw(frontend, all, RAW)
      if (state !== '') signed.push(...(await signRound(frontend, signed.length)))
    }
    async function during(...variables: string[]): Promise<void> {
      let isOver = false
      const rotation = runMake('rotate-key', 'FORM=webhook', ...variables).finally(() => {
        isOver = true
      })
      while (!isOver) await observe()
      const { code, said } = await rotation
      console.info(said)
      expect({ code, said }).toMatchObject({ code: 0 })
      await observe()
    }

    await during()
    await during('OVERLAP=1h')
    while (signed.filter(hasBoth).length < COUNT) await observe()
    await during('OVERLAP=1s')
    expect(states.filter((state) => state !== '')).toEqual([
      ...['webhook-1', 'webhook-1 webhook-2', 'webhook-2 webhook-1', 'webhook-2'],
    ])
    const overlapping = signed.filter(hasBoth)
    const ends = Map.groupBy(signed, ({ result }) => String(result.key_ids))
    console.info([...ends].map(([ids, list]) => `${ids}: ${list.length}`).join(', '))
    // In the order of signing: the old key alone, both, the new one alone.
    const first = signed.findIndex(hasBoth)
    const last = signed.findLastIndex(hasBoth)
    expect(overlapping.length).toBe(last - first + 1)
    const untilOverlapEnds = signed.slice(0, last + 1)
    const sinceOverlapBegins = signed.slice(first)
    expect(await countRejected(all, 'webhook-1', untilOverlapEnds)).toEqual(nobody)
    expect(await countRejected(all, 'webhook-2', sinceOverlapBegins)).toEqual(nobody)
    expect(overlapping.length).toBeGreaterThanOrEqual(COUNT)
  })
})

const nobody = { npm: 0, PyPI: 0, Go: 0 }

function hasBoth({ result }: Signed): boolean {
  return result.key_ids?.length === 2
}

async function signRound(frontend: Frontend, from: number): Promise<Signed[]> {
  const wanted = Array.from({ length: ROUND }, (_, index) => ({
    body: `{"order":${from + index},"price":9.99}`,
    consumer: index % 2 === 0 ? undefined : `customer-${index}`,
  }))
  const results = await signItems(frontend, wanted)
  return wanted.map((each, index) => ({ ...each, result: results[index] as Result }))
}

/** Counts what receivers reject that have only this key, or the secret that it gives their consumer. */
async function countRejected(all: WebhookKeys, id: string, signed: readonly Signed[]) {
  const key = all.get(id) as Buffer
  const received = signed.map(({ body, consumer, result }) => {
    const headers = headersOf(result)
    const own = consumer === undefined ? key : deriveKey(key, consumer)
    // They arrive at once.
    return receive(own, headers, body, Number(headers['webhook-timestamp']))
  })
  const accepted = await countAccepted(received)
  return Object.fromEntries(
    Object.entries(accepted).map(([library, count]) => [library, received.length - count]),
  )
}
