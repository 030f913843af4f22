// With the component tracing each proxy knows the collector, by a socket that is its own, and the Pods call nobody else.
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { type Layout, layouts, onePod } from '../../../tools/kube/layouts.ts'
import { renderSample } from '../../support/api-server/sample.ts'

const sidecarSpec = z.object({ egress: z.array(z.looseObject({ hosts: z.array(z.string()) })) })
const collector = {
  port: { number: 0, name: 'grpc-collector', protocol: 'GRPC' },
  bind: 'unix:///etc/istio/proxy/collector.sock',
  captureMode: 'NONE',
  hosts: ['observability/otel-collector.observability.svc.cluster.local'],
}

async function readEgress(components: string[], layout: Layout) {
  const { resources } = await renderSample(components, layout)
  return new Map(
    resources
      .filter(({ kind }) => kind === 'Sidecar')
      .map(({ metadata, spec }) => [metadata.name, sidecarSpec.parse(spec).egress]),
  )
}

describe.each(layouts)('$overlay', (layout) => {
  test('every Sidecar has it first, and the rest as it was', async () => {
    const plain = await readEgress([], layout)
    expect(plain.size).toBeGreaterThan(0)
    const traced = await readEgress(['tracing'], layout)
    expect(traced).toEqual(
      new Map([...plain].map(([name, egress]) => [name, [collector, ...egress]])),
    )
  })
})

test('Vault is known beside it', async () => {
  const egress = (await readEgress(['vault', 'tracing'], onePod)).get('secure-signing')
  const hosts = egress?.flatMap((each) => each.hosts)
  expect(hosts).toEqual([...collector.hosts, './signer.pod.internal', './keys.example'])
})

test('a collector that is any Service is refused', async () => {
  const { resources } = await renderSample(['tracing'])
  const loose = JSON.parse(
    JSON.stringify(resources).replaceAll('observability/otel-collector', '*/*'),
  )
  expect(applyRules(rules, loose).map(({ message }) => message)).toContainEqual(
    expect.stringContaining('the Pod may call */*'),
  )
})
