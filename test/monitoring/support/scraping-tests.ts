// Prometheus reads the metrics of all three containers through STRICT mTLS, by its own identity, which is good for nothing else.
import { describe, expect, test } from 'vitest'
import { probeFrom } from '../../../tools/verify/attack/containers.ts'
import type { Outcome } from '../../../tools/verify/attack/probe.ts'
import {
  describeOutcome,
  signParts,
  tokenHeader,
  writeRequest,
} from '../../../tools/verify/attack/requests.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { otherNamespacePod, TARGET_IN_MESH } from '../../support/attack/attackers.ts'
import { testAttack } from '../../support/attack/expectations.ts'
import { listExpressions, listMetricNames } from '../../support/monitoring/expressions.ts'
import { processMessage } from '../../support/process-message.ts'
import { EFFECT_MS } from '../../support/timeouts.ts'
import { prometheusAccountPod } from './prometheus.ts'
import { listTargets, query } from './queries.ts'

const job = 'signing/secure-signing'

export function testScraping(): void {
  test('every container is scraped, frontend and signer by https', async () => {
    const found = await waitFor(
      async () => {
        const targets = (await listTargets()).filter(({ labels }) => labels.job === job)
        return targets.length === 3 && targets.every(({ health }) => health === 'up')
          ? targets
          : undefined
      },
      EFFECT_MS,
      () => 'not every target is up',
    )
    const ways = found.map(({ labels, scrapeUrl }) => [
      labels.container,
      scrapeUrl.replace(/\/\/[\d.]+:/, '//…:'),
    ])
    expect(Object.fromEntries(ways)).toEqual({
      frontend: 'https://…:8080/metrics',
      signer: 'https://…:8081/metrics',
      'istio-proxy': 'http://…:15020/stats/prometheus',
    })
  })

  test('every metric that an alert or the dashboard needs is there', async () => {
    // Some metrics exist only after a request.
    const gatewayUrl = { url: process.env.GATEWAY_URL ?? '' }
    await processMessage(gatewayUrl, 'hello', { waitMs: 0, ca: undefined })
    // test/token-keys reads istiod's metrics, which this Prometheus does not scrape.
    const names = listMetricNames(await listExpressions()).filter((name) => !/^pilot_/.test(name))
    expect(names.length).toBeGreaterThan(15)
    let absent = names
    await waitFor(
      async () => {
        const counts = await Promise.all(names.map((name) => query(`count(${name})`)))
        absent = names.filter((_, index) => counts[index]?.length === 0)
        return absent.length === 0 || undefined
      },
      EFFECT_MS,
      () => `not there: ${absent.join(', ')}`,
    )
  })

  describe.each([
    { who: "a Pod with Prometheus' identity", from: prometheusAccountPod, metrics: '200' },
    { who: 'a mesh Pod in another namespace', from: otherNamespacePod, metrics: '403' },
  ])('$who', ({ from, metrics }) => {
    const requests = [
      { port: 8080, method: 'GET', path: '/metrics', expected: metrics },
      { port: 8081, method: 'GET', path: '/metrics', expected: metrics },
      { port: 8081, method: 'POST', path: '/metrics', expected: '403' },
      { port: 8081, method: 'GET', path: '/readyz', expected: '403' },
      { port: 8081, method: 'GET', path: '/keys', expected: '403' },
      { port: 8081, method: 'POST', path: '/sign', expected: '403' },
      { port: 8081, method: 'POST', path: '/verify', expected: '403' },
      { port: 8080, method: 'POST', path: '/process', expected: '403' },
      { port: 8080, method: 'GET', path: '/openapi.json', expected: '403' },
    ]

    const batch = testAttack<Outcome[]>((_, { token, pairing }) => {
      const probes = requests.map(({ port, method, path }) => {
        const parts = { method, path, headers: tokenHeader(token) }
        return { host: TARGET_IN_MESH, port, bytes: writeRequest(signParts(pairing, parts)) }
      })
      return probeFrom(from, probes)
    })

    test.each(requests.map((each, index) => ({ ...each, index })))(
      'gets $expected for $method $path on $port, with all that can be stolen',
      ({ index, expected }) => {
        expect(describeOutcome(batch().outcomes[index] as Outcome)).toBe(expected)
      },
    )
  })
}
