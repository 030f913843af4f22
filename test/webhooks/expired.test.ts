// Attack 46: code in the frontend’s container collects webhooks with ids and bodies of its choice by every route. After the
// receivers' tolerance no library accepts any, unchanged or cut at other dots.
import { isUtf8 } from 'node:buffer'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { saveSecret } from '../../tools/verify/faults/support/key-secret.ts'
import { ensurePods } from '../../tools/verify/faults/support/pods.ts'
import { cleanUp } from '../support/clean-up.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { hostileBody, ordinaryBody } from '../support/webhooks/bodies.ts'
import {
  countFooled,
  EXPIRED_SECONDS,
  findForgeries,
  type Signed,
} from '../support/webhooks/forgeries.ts'
import {
  type Frontend,
  openFrontend,
  type Result,
  signItems,
  signSingly,
} from '../support/webhooks/frontend/frontend.ts'
import {
  listDerivationForms,
  listRawForms,
  listRawSignatures,
} from '../support/webhooks/raw-forms.ts'
import { deriveKey, signAnything } from '../support/webhooks/receivers.ts'
import { provideWebhookKey } from '../support/webhooks/secret-keys.ts'
import { libraries } from '../support/webhooks/verifiers.ts'

vi.setConfig({ testTimeout: 1_200_000 })

const COUNT = 10_000
const ROUND = 1_000
/** Requests of each round that have a call of their own. */
const SINGLE = 300
/** Times up to that many seconds from now are between the tolerances of a receiver when the test looks again. */
const SOON = 900

type Wanted = {
  body: string
  encoding?: 'base64'
  id?: string
  consumer?: string
  consumer_versions?: number[]
}
type Collected = { signed: Signed[]; refused: Signed[]; answers: number }

/** Requests for webhooks. Half of the bodies hide a time. */
function makeRound(now: number): Wanted[] {
  const later = String(now + EXPIRED_SECONDS)
  const ids = [undefined, 'x', '1900000000', later, `x.${later}`, '{"a":1}', '!']
  const consumers = [{}, { consumer: 'acme' }, { consumer: '1:acme', consumer_versions: [2, 1] }]
  const half = { numRuns: ROUND / 2 }
  const bodies = [
    ...fc.sample(hostileBody(now, now + SOON), half),
    ...fc.sample(ordinaryBody, half),
  ]
  return bodies.map(({ text, ...encoding }, index) => {
    const id = ids[index % ids.length]
    return { body: text, ...encoding, ...(id && { id }), ...consumers[index % consumers.length] }
  })
}

/** The keys whose signatures the answer has. */
function keysOf(key: Uint8Array, { consumer, consumer_versions: versions = [1] }: Wanted) {
  if (consumer === undefined) return [key]
  return versions.map((version) => deriveKey(key, consumer, version))
}

describe('webhooks that the frontend’s container has collected', needsLocalCluster, () => {
  test('are accepted by no library 301 s after the end of its Pod, unchanged or cut', async () => {
    const frontend = await openFrontend()
    cleanUp(() => frontend.stop())
    cleanUp(await saveSecret())
    const { id, key } = await provideWebhookKey(frontend)
    const { signed, refused, answers } = await collect(frontend, id, key)
    const last = Math.max(...signed.map(({ headers }) => Number(headers['webhook-timestamp'])))
    await deletePod()
    const gone = Date.now()
    console.info(
      `${signed.length} signatures in ${answers} answers, ${refused.length} webhooks refused, ` +
        `Pod gone ${Math.round(gone / 1_000 - last)} s after the last`,
    )
    // The control, while they are fresh: the libraries take what nobody has changed. Two of them take only text.
    const fresh = signed.slice(-COUNT / 100).filter(({ body }) => isUtf8(body))
    const accepted = countFooled(await findForgeries(fresh, "the machine's"))
    for (const library of libraries)
      expect([library, accepted[library]]).toEqual([library, fresh.length])
    await sleep(gone + EXPIRED_SECONDS * 1_000 - Date.now())
    expect(countFooled(await findForgeries(signed, "the machine's"))).toEqual({})
    expect(countFooled(await findForgeries(signed))).toEqual({})
    // The control: a signer that refuses nothing.
    const fooled = countFooled(await findForgeries(refused, "the machine's"))
    console.info(`without the refusals: ${JSON.stringify(fooled)} of ${refused.length}`)
    for (const library of libraries) expect(fooled[library]).toBeGreaterThan(COUNT / 20)
  })
})

/** Has webhooks signed until there are enough signatures. A refused one is signed as a signer would that refuses nothing. */
async function collect(frontend: Frontend, id: string, key: Uint8Array): Promise<Collected> {
  const [signed, refused]: [Signed[], Signed[]] = [[], []]
  const raw = listRawSignatures(key)
  let answers = 0
  while (signed.length < COUNT) {
    const now = Math.floor(Date.now() / 1_000)
    const wanted = makeRound(now)
    const results = [
      ...(await signSingly(frontend, wanted.slice(0, SINGLE))),
      ...(await signItems(frontend, wanted.slice(SINGLE))),
    ]
    const end = Date.now() / 1_000
    for (const [index, each] of wanted.entries()) {
      const { headers, problem } = results[index] as Result
      const body = Buffer.from(each.body, each.encoding ?? 'utf8')
      const keys = keysOf(key, each)
      if (headers !== undefined) {
        // The containers have the machine's clock.
        expect(Number(headers['webhook-timestamp'])).toBeLessThanOrEqual(end)
        signed.push(...keys.map((own) => ({ key: own, headers, body })))
      } else {
        expect(['ambiguous_body', 'invalid_request']).toContain(problem?.code)
        const made = signAnything(key, each.id ?? 'msg_1', now, body)
        refused.push({ key, headers: made, body })
      }
    }
    const others = await frontend.ask([...listRawForms(id), ...listDerivationForms(id, 'key-1')])
    for (const { text } of others) {
      expect(raw.filter((signature) => text.includes(signature))).toEqual([])
    }
    answers += results.length + others.length
  }
  return { signed, refused, answers }
}

async function deletePod(): Promise<void> {
  const { frontend } = await findTarget()
  await kubectl(['delete', 'pod', frontend.pod, '-n', namespace, '--wait=true'])
  await ensurePods(1)
}
