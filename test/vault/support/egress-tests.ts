// The Pod may call Vault and nothing else. The frontend container, which shares the agent's network, tries it.
import { expect, test } from 'vitest'
import { probeFrom } from '../../../tools/verify/attack/containers.ts'
import type { Place, Probe } from '../../../tools/verify/attack/probe.ts'
import { describeOutcome, writeRequest } from '../../../tools/verify/attack/requests.ts'
import { findTarget } from '../../../tools/verify/attack/target.ts'
import type { Vault } from './vault-server.ts'

const elsewhere: Record<string, Place> = {
  'the API server': { host: 'kubernetes.default.svc', port: 443 },
  "istiod's webhooks": { host: 'istiod.istio-system.svc', port: 443 },
  'the gateway': { host: 'istio-ingressgateway.istio-system.svc', port: 80 },
}

export function testEgress(load: () => Vault): void {
  test('the Pod reaches Vault, which tells it nothing without a token', async () => {
    const { host, port } = load().place
    const [health, key] = await ask(
      { host, port, serverName: host, path: '/v1/sys/health' },
      { host, port, serverName: host, path: '/v1/kv/data/signing/hmac-key' },
    )
    expect(health).toBe('200')
    expect(key).toBe('403')
  })

  test("at Vault's port it reaches Vault alone, whatever else it dials or names", async () => {
    const { host, port } = load().place
    const api = elsewhere['the API server']?.host ?? ''
    const [dialed, named, both] = await ask(
      { host: api, port, serverName: host, path: '/v1/sys/health' },
      { host, port, serverName: api, path: '/v1/sys/health' },
      { host: api, port, serverName: api, path: '/version' },
    )
    // The proxy has looked the name up itself.
    expect(dialed).toBe('200')
    expect(named).toBe('closed')
    expect(both).toBe('closed')
  })

  test.each(Object.entries(elsewhere))('the Pod does not reach %s', async (_, place) => {
    const { host } = load().place
    const outcomes = await ask(
      { ...place, path: '/version' },
      { ...place, serverName: place.host, path: '/version' },
      { ...place, serverName: host, path: '/version' },
    )
    expect(outcomes).toEqual(['closed', 'closed', 'closed'])
  })
}

type Question = Place & { serverName?: string; path: string }

async function ask(...questions: Question[]): Promise<string[]> {
  const { frontend } = await findTarget()
  const probes = questions.map(
    ({ host, port, serverName, path }): Probe => ({
      ...{ host, port, bytes: writeRequest({ method: 'GET', path, host, body: '' }) },
      ...(serverName !== undefined && { tls: { serverName } }),
    }),
  )
  return (await probeFrom(frontend, probes)).map(describeOutcome)
}
