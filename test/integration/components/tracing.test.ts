// With the component tracing, each proxy reaches the collector by its own socket. The containers of the Pod get no new route.
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { type Layout, meshedLayouts, onePod } from '../../../tools/kube/layouts.ts'
import { renderSample } from '../../support/api-server/sample.ts'

const sidecarSpec = z.object({ egress: z.array(z.looseObject({ hosts: z.array(z.string()) })) })
const collector = {
  port: { number: 0, name: 'grpc-collector', protocol: 'GRPC' },
  bind: 'unix:///etc/istio/proxy/collector.sock',
  captureMode: 'NONE',
  hosts: ['observability/otel-collector.observability.svc.cluster.local'],
}

/** Returns for each Sidecar the hosts that its Pod may call. */
async function readEgress(components: string[], layout: Layout) {
  const { resources } = await renderSample(components, layout)
  return new Map(
    resources
      .filter(({ kind }) => kind === 'Sidecar')
      .map(({ metadata, spec }) => [metadata.name, sidecarSpec.parse(spec).egress]),
  )
}

describe.each(meshedLayouts)('$overlay', (layout) => {
  test('adds the collector to each Sidecar, and changes nothing else', async () => {
    const plain = await readEgress([], layout)
    expect(plain.size).toBeGreaterThan(0)
    const traced = await readEgress(['tracing'], layout)
    expect(traced).toEqual(
      new Map([...plain].map(([name, egress]) => [name, [collector, ...egress]])),
    )
  })
})

test('works together with the component vault', async () => {
  const egress = (await readEgress(['vault', 'tracing'], onePod)).get('signer')
  const hosts = egress?.flatMap((each) => each.hosts)
  expect(hosts).toEqual([...collector.hosts, './signer.pod.internal', './keys.example'])
})

test('make analyze refuses a wildcard instead of the collector', async () => {
  const { resources } = await renderSample(['tracing'])
  const loose = JSON.parse(
    JSON.stringify(resources).replaceAll('observability/otel-collector', '*/*'),
  )
  expect(applyRules(rules, loose).map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/egress\[0\]\.hosts.*\*\/\*.* not the hosts that the application calls/),
  )
})
