// The frontend's container, which has webhooks signed for consumers, finds no secret of any of them: in no file, process or
// memory, in no answer of the signer, the proxy or the API server, and in no log.
import { describe, expect, test } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { findTarget, readOwnToken } from '../../tools/verify/attack/target.ts'
import { PROBE_MS } from '../../tools/verify/attack/timeouts.ts'
import { saveSecret } from '../../tools/verify/faults/support/key-secret.ts'
import { cleanUp } from '../support/clean-up.ts'
import type { Attempt } from '../support/compromise/escape.ts'
import { runIn } from '../support/compromise/run-in.ts'
import type { Search } from '../support/compromise/search.ts'
import { needsLocalCluster } from '../support/skips.ts'
import {
  type Asked,
  openFrontend,
  signItems,
  signSingly,
} from '../support/webhooks/frontend/frontend.ts'
import { listNotations } from '../support/webhooks/notations.ts'
import { listDerivationForms, listRawForms } from '../support/webhooks/raw-forms.ts'
import { deriveKey } from '../support/webhooks/receivers.ts'
import { provideWebhookKey } from '../support/webhooks/secret-keys.ts'

const consumers = ['acme', '2:acme', 'customer-1', 'customer-2', 'customer-3']
const secretsOf = (key: Uint8Array) => [
  Buffer.from(key),
  ...consumers.flatMap((consumer) => [1, 2].map((version) => deriveKey(key, consumer, version))),
]
const toBase64 = (text: string | Buffer) => Buffer.from(text).toString('base64')
/** At the proxy and its agent, as far as the frontend reaches them. */
const elsewhere: Asked[] = [
  '/metrics',
  '/keys',
  '/healthz',
  '/stats/prometheus',
  '/config_dump',
].map((path) => ({ path, method: 'GET' }))

describe('code in the frontend container', needsLocalCluster, () => {
  test('finds no consumer’s secret', async () => {
    const target = await findTarget()
    const frontend = await openFrontend()
    cleanUp(() => frontend.stop())
    cleanUp(await saveSecret())
    const { id, key } = await provideWebhookKey(frontend)
    const texts = secretsOf(key).flatMap(listNotations)

    const wanted = consumers.flatMap((consumer) =>
      [[1], [2, 1], [2]].map((versions) => ({
        ...{ body: '{"order":1}', consumer, consumer_versions: versions },
      })),
    )
    const results = [
      ...(await signSingly(frontend, wanted)),
      ...(await signItems(frontend, wanted)),
    ]
    const refused = await frontend.ask([
      ...wanted.map((each) => ({ path: '/sign', body: { ...each, id: 'a.b' } })),
      ...wanted.map((each) => ({ path: '/sign', body: { ...each, body: 'y.1900000000.z' } })),
      ...wanted.map((each) => ({
        path: '/verify',
        body: { ...each, headers: results[0]?.headers },
      })),
      ...[...listRawForms(id), ...listDerivationForms(id, 'key-1'), ...elsewhere],
    ])
    expect(results.filter(({ headers }) => headers === undefined)).toEqual([])
    const answers = JSON.stringify(results) + refused.map(({ text }) => text).join('\n')
    expect(texts.filter((text) => answers.includes(text))).toEqual([])

    await frontend.stop()
    const token = await readOwnToken(target)
    const known = "the frontend's own token"
    // The search takes a time for each needle.
    const searched = [Buffer.from(key), deriveKey(key, 'acme'), deriveKey(key, 'acme', 2)]
    const needles = searched.flatMap((secret, index) =>
      [secret, ...listNotations(secret)].map((text, notation) => [
        ...[`secret ${index}, notation ${notation}`, toBase64(text)],
      ]),
    )
    const { finds } = await runIn<Search>(target.frontend, 'search', 'searchEverything', {
      ...Object.fromEntries(needles),
      [known]: toBase64(token),
    })
    const found = new Set(finds.map(({ needle }) => needle))
    // The control: the search finds what is there.
    expect([...found]).toEqual([known])

    const paths = ['secrets', 'secrets/hmac-key', 'configmaps', 'pods'].map(
      (path) => `GET /api/v1/namespaces/${namespace}/${path}`,
    )
    const input = { token, paths, timeoutMs: PROBE_MS }
    const asked = await runIn<Attempt[]>(target.frontend, 'ask-api-server', 'askApiServer', input)
    for (const { result } of asked) expect(result).not.toMatch(/^\d/)

    for (const container of ['frontend', 'signer', 'istio-proxy']) {
      const log = await kubectl(['logs', target.frontend.pod, '-n', namespace, '-c', container])
      expect(log.length).toBeGreaterThan(0)
      expect([container, texts.filter((text) => log.includes(text))]).toEqual([container, []])
    }
  })
})
