// examples/webhooks as its README says: a sender beside the signer, and two receivers with npm's library. Webhooks flow while the key
// is rotated, and then the secret of one consumer.
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { provideExampleImage } from '../../tools/local-cluster/images/example-images.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { needsLocalCluster } from '../support/skips.ts'
import type { WebhookHeaders } from '../support/webhooks/receivers.ts'
import {
  type Consumer,
  consumers,
  deployVersions,
  follow,
  type Received,
  readDeliveries,
  readReceived,
  readSecretOf,
  runInSender,
  sendEvent,
  sender,
} from './support/example.ts'

const PAUSE_MS = 100
const OVERLAP_SECONDS = 90
/** How many webhooks each receiver gets in the overlap, at least. */
const MORE = 50
const SEEN_MS = 100_000
const ROTATION_MS = 500_000
type Signed = { headers: WebhookHeaders; body: string }

/** Sends events to both consumers while `work` runs. Returns what the sender has logged when all are delivered. */
async function whileWebhooksFlow(work: () => Promise<unknown>) {
  const since = new Date()
  const sent: Promise<string>[] = []
  const end = new AbortController()
  const flow = (async () => {
    for (let order = 1; !end.signal.aborted; order += 1) {
      for (const consumer of consumers) sent.push(sendEvent(consumer, { order, price: 19.99 }))
      await sleep(PAUSE_MS)
    }
  })()
  try {
    await work()
  } finally {
    end.abort()
    await flow
  }
  const ids = await Promise.all(sent)
  return waitFor(
    async () => {
      const found = await readDeliveries(since)
      const delivered = new Set(found.delivered)
      return ids.every((id) => delivered.has(id)) ? { ...found, ids } : undefined
    },
    SEEN_MS,
    () => 'a webhook is not delivered',
  )
}

/** Has a webhook signed in the sender's container. */
const sign = (options: object) =>
  runInSender(`
    import { createWebhookSigner } from 'secure-signing-client'
    const body = '{"type":"order.created","data":{"order":17}}'
    const headers = await createWebhookSigner()(body, ${JSON.stringify(options)})
    console.log(JSON.stringify({ headers, body }))`) as Promise<Signed>

/** Sends requests to acme's receiver from the sender's container. Returns the statuses and answers. */
const sendAll = (requests: readonly Signed[]) =>
  runInSender(`
    const answers = []
    for (const { headers, body } of ${JSON.stringify(requests)}) {
      const answer = await fetch('http://receiver.acme/webhooks', { method: 'POST', headers, body })
      answers.push([answer.status, await answer.json()])
    }
    console.log(JSON.stringify(answers))`)

const accepts = (secret: string, { headers, body }: Signed) => {
  try {
    return new Webhook(secret).verify(body, headers) !== undefined
  } catch {
    return false
  }
}

/** Hands out the present secret, as the README does for acme, and restarts the receiver. */
async function handOut(consumer: Consumer, version = 1): Promise<void> {
  await follow('--dry-run=client', {
    'CONSUMER=acme': `CONSUMER=${consumer} CONSUMER_VERSION=${version}`,
    '-n acme': `-n ${consumer}`,
  })
  const status = ['rollout', 'status', 'deployment/receiver', '-n', consumer, '--timeout=100s']
  await kubectl(status, { timeoutMs: SEEN_MS })
}

/** Deploys these versions of acme's secret, and waits until the sender reads them. */
async function useVersions(...versions: number[]): Promise<void> {
  await deployVersions(...versions)
  // kubelet then updates the Pod's volumes at once.
  const now = `test/changed=${Date.now()}`
  await kubectl(['annotate', 'pods', '-n', sender, '-l', 'app=sender', '--overwrite', now])
  const read = `import { readFileSync } from 'node:fs'
    console.log(JSON.stringify(JSON.parse(readFileSync(process.env.CONSUMERS_FILE)).acme.consumerVersions))`
  await waitFor(
    async () => JSON.stringify(await runInSender(read)) === JSON.stringify(versions) || undefined,
    SEEN_MS,
    () => 'the sender does not have the new versions',
  )
}

describe('the sender and the receivers of examples/webhooks', needsLocalCluster, () => {
  beforeAll(async () => {
    for (const name of ['webhook-sender', 'webhook-receiver'] as const) {
      await provideExampleImage(name)
    }
    await follow('make deploy')
    await follow('for consumer in')
  })
  afterAll(() => follow('make undeploy'))

  test('a webhook arrives, and the receiver accepts it', async () => {
    await follow('curl')
    const received = await waitFor(
      async () => {
        const now = await readReceived('acme')
        return now.accepted > 0 ? now : undefined
      },
      SEEN_MS,
      () => 'no webhook arrived',
    )
    expect(received).toMatchObject({ repeated: 0, refused: 0 })
    expect(received.ids[0]).toMatch(/^msg_/)
  })

  test('a repeated webhook is accepted once, and a changed one is refused', async () => {
    const signed = await sign({ id: 'msg_replayed', consumer: 'acme' })
    const { headers, body } = signed
    const later = String(Number(headers['webhook-timestamp']) + 1)
    const answers = await sendAll([
      signed,
      signed,
      { headers, body: body.replace('17', '18') },
      { headers: { ...headers, 'webhook-id': 'msg_other' }, body },
      { headers: { ...headers, 'webhook-timestamp': later }, body },
      await sign({ consumer: 'globex' }),
    ])
    const refused = [400, { error: 'No matching signature found' }]
    expect(answers).toEqual([
      [200, { accepted: true }],
      [200, { accepted: false, reason: 'repeated' }],
      ...[refused, refused, refused, refused],
    ])
  })

  test('a rotation of the key loses no webhook, with receivers that change their secret at different times', {
    timeout: ROTATION_MS,
  }, async () => {
    const rotate = () =>
      follow('FORM=webhook OVERLAP', { 'OVERLAP=1h': `OVERLAP=${OVERLAP_SECONDS}s` })
    const [old, oldOfGlobex] = await Promise.all(consumers.map(readSecretOf))
    const { ids, failures } = await whileWebhooksFlow(async () => {
      await rotate()
      const start = Date.now()
      await handOut('globex')
      const fresh = await readSecretOf('globex')
      expect(fresh).not.toBe(oldOfGlobex)
      // acme has the old secret still, and globex the new one.
      const before = await Promise.all(consumers.map(readReceived))
      const after = await waitFor(
        async () => {
          const now = await Promise.all(consumers.map(readReceived))
          const isMore = (each: Received, index: number) =>
            each.accepted >= (before[index]?.accepted ?? 0) + MORE
          return now.every(isMore) ? now : undefined
        },
        SEEN_MS,
        () => 'a receiver accepts no webhooks in the overlap',
      )
      expect(after.map(({ refused }) => refused)).toEqual(before.map(({ refused }) => refused))
      const both = await sign({ consumer: 'globex' })
      expect([oldOfGlobex, fresh].map((each) => accepts(each ?? '', both))).toEqual([true, true])
      await handOut('acme')
      await sleep(Math.max(0, start + OVERLAP_SECONDS * 1_000 - Date.now()))
      await rotate()
    })
    console.info(`rotation: ${ids.length} webhooks, ${failures.length} failed attempts`)
    expect(failures).toEqual([])
    expect(ids.length).toBeGreaterThan(500)
    const signed = await sign({ consumer: 'acme' })
    expect(accepts(old ?? '', signed)).toBe(false)
    expect(accepts(await readSecretOf('acme'), signed)).toBe(true)
  })

  test("one consumer's secret is rotated alone, and the other receiver notices nothing", {
    timeout: ROTATION_MS,
  }, async () => {
    const [old = '', ofGlobex = ''] = await Promise.all(consumers.map(readSecretOf))
    const { ids, failures } = await whileWebhooksFlow(async () => {
      await useVersions(2, 1)
      const both = await sign({ consumer: 'acme', consumerVersions: [2, 1] })
      await sleep(5_000)
      await handOut('acme', 2)
      expect([old, await readSecretOf('acme')].map((each) => accepts(each, both))).toEqual([
        ...[true, true],
      ])
      await sleep(5_000)
      await useVersions(2)
      await sleep(5_000)
    })
    console.info(`one consumer: ${ids.length} webhooks, ${failures.length} failed attempts`)
    expect(failures).toEqual([])
    const signed = await sign({ consumer: 'acme', consumerVersions: [2] })
    expect(accepts(old, signed)).toBe(false)
    expect(accepts(await readSecretOf('acme'), signed)).toBe(true)
    expect(await readSecretOf('globex')).toBe(ofGlobex)
    expect((await readReceived('globex')).refused).toBe(0)
  })
})
