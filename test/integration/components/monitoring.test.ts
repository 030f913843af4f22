// The component monitoring allows one Prometheus to read metrics, and the rules of make analyze find any wider access.
import { describe, expect, test } from 'vitest'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { parsePrometheusAccount } from '../../../tools/deploy/preflight/prometheus-account.ts'
import { meshedLayouts, onePod } from '../../../tools/kube/layouts.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { applyChange, type Change } from '../../support/mistakes/mistakes.ts'

const scraping = 'AuthorizationPolicy/allow-prometheus-to-read-signer-metrics'
const operation = 'spec.rules.0.to.0.operation'
const otherIdentity = 'mesh.example/ns/other/sa/other'
const mistakes: readonly [mistake: string, change: Change][] = [
  ['the path to sign', [scraping, `${operation}.paths`, ['/sign']]],
  ['a second path', [scraping, `${operation}.paths.+`, '/keys']],
  ['another method', [scraping, `${operation}.methods`, ['POST']]],
  ['a path with a wildcard', [scraping, `${operation}.paths`, ['/metrics*']]],
  ['any identity', [scraping, 'spec.rules.0.from.0.source.principals', ['*']]],
  [
    'another identity in another policy',
    [
      'AuthorizationPolicy/signer-allow-metrics',
      'spec.rules.0.from.0.source.principals.+',
      otherIdentity,
    ],
  ],
]

describe.each(meshedLayouts)('on the overlay $overlay', async (layout) => {
  const { resources } = await renderSample(['monitoring'], layout)

  test.each([
    ['frontend', '8080'],
    ['signer', '8081'],
  ] as const)('the Prometheus of the user may read the metrics of the %s', (who, port) => {
    const name = `allow-prometheus-to-read-${who}-metrics`
    const policy = resources.find(({ metadata }) => metadata.name === name)
    const principals = ['mesh.example/ns/observability/sa/prometheus-k8s']
    const request = { ports: [port], methods: ['GET'], paths: ['/metrics'] }
    expect(policy?.spec).toEqual({
      selector: {
        matchLabels:
          layout === onePod ? { 'secure-signing.dev/protected': 'true' } : { app: layout[who] },
      },
      action: 'ALLOW',
      rules: [{ from: [{ source: { principals } }], to: [{ operation: request }] }],
    })
  })

  test.each(mistakes)('the rules find %s', (_, change) => {
    const found = applyRules(rules, applyChange(resources, change))
    expect(found.map((each) => each.rule)).toEqual(['as-released'])
  })
})

describe('PROMETHEUS', () => {
  test.each([
    [undefined, 'monitoring', 'prometheus'],
    ['', 'monitoring', 'prometheus'],
    ['a-b/c.d', 'a-b', 'c.d'],
  ])('accepts %s', (text, namespace, serviceAccount) => {
    expect(parsePrometheusAccount(text)).toEqual({ namespace, serviceAccount })
  })

  test.each(['prometheus', 'a/b/c', 'a/*', '*/b', 'a/', '/b', 'A/b'])('refuses %s', (text) => {
    expect(() => parsePrometheusAccount(text)).toThrow('is not <namespace>/<ServiceAccount>')
  })
})
