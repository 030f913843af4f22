// A webhook key signs nothing but webhooks, and no answer has the key of a consumer.
import { createHmac, randomBytes } from 'node:crypto'
import { beforeAll, expect, test, vi } from 'vitest'
import { askPaired, startSigner } from '../../support/services/services.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'
import type { Asked } from '../../support/webhooks/frontend/frontend.ts'
import {
  listDerivationForms,
  listDerivedKeys,
  listRawForms,
  listRawSignatures,
} from '../../support/webhooks/raw-forms.ts'
import { toSecret } from '../../support/webhooks/receivers.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS, hookTimeout: PROCESS_TEST_MS })

const keys = { 'webhook-1': randomBytes(32), 'webhook-2': randomBytes(24) }
const raw = randomBytes(32)
const secrets = Object.entries(keys).map(([id, key]) => [id, toSecret(key)] as const)
const entries = { ...Object.fromEntries(secrets), 'webhook-primary': 'webhook-2' }

type Started = Awaited<ReturnType<typeof startSigner>>
let both: Started
let alone: Started
beforeAll(async () => {
  both = await startSigner({ ...entries, 'key-1': raw })
  alone = await startSigner(entries)
  await both.signer.waitFor('listening')
  await alone.signer.waitFor('listening')
})

async function send(signer: Started, { path, body: asked }: Asked) {
  const { status, body } = await askPaired(signer, path, asked)
  return { status, text: JSON.stringify(body) }
}

test.each([
  ['beside a raw key', () => both],
  ['without a raw key', () => alone],
])('no form of a raw request gets a signature by a webhook key, %s', async (_, load) => {
  for (const [id, key] of Object.entries(keys)) {
    const signatures = listRawSignatures(key)
    for (const asked of listRawForms(id)) {
      const { status, text } = await send(load(), asked)
      const said = { asked, status, text }
      for (const signature of signatures) expect(said.text).not.toContain(signature)
      const isItem = JSON.stringify(asked.body).includes('"items"')
      if (isItem && status === 200) expect(said.text).toMatch(/"problem":\{.*"status":400/)
      else expect(said).toMatchObject({ status: 400 })
    }
  }
})

test('the same requests get a signature by a raw key', async () => {
  const [signature = ''] = listRawSignatures(raw)
  const answers = await Promise.all(listRawForms('key-1').map((asked) => send(both, asked)))
  expect(answers.filter(({ text }) => text.includes(signature)).length).toBeGreaterThanOrEqual(6)
})

test('no answer of any route has the key of a consumer, or a step to it', async () => {
  const derived = Object.values(keys).flatMap(listDerivedKeys)
  const asked = Object.keys(keys).flatMap((id) => listDerivationForms(id, 'key-1'))
  const posted = asked.filter(({ method }) => method !== 'GET')
  const answers = await Promise.all(posted.map((each) => send(both, each)))
  const text = answers.map((each) => each.text).join('\n')
  // The control: the search finds what the raw key signs.
  const [control = ''] = [createHmac('sha256', raw).update('1:acme').digest('hex')]
  expect(text).toContain(control)
  const logged = both.signer.output() + alone.signer.output()
  expect(derived.filter((each) => text.includes(each) || logged.includes(each))).toEqual([])
})
