// The metrics of a Pod's keys, as `make rotate-key` reads them.
import { createSecretKey, randomBytes } from 'node:crypto'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import type { KeyRing } from '../../../signer/keys/key-ring.ts'
import { createSignerMetrics } from '../../../signer/metrics.ts'
import { parseKeyMetrics } from '../../../tools/deploy/keys/key-metrics.ts'

function makeRing(primaryId: string, ...others: string[]): KeyRing {
  const make = (id: string) => ({ id, material: createSecretKey(randomBytes(32)) })
  return { raw: [primaryId, ...others].map(make), webhook: [] }
}

test('name every key in use and no other', async () => {
  const registry = new Registry()
  const metrics = createSignerMetrics(registry)
  const report = async () => parseKeyMetrics(await registry.metrics())
  expect(await report()).toEqual({ primary: undefined, held: [] })
  metrics.setKeys(makeRing('key-1', 'old.key_0'), [])
  expect(await report()).toEqual({ primary: 'key-1', held: ['key-1', 'old.key_0'] })
  metrics.setKeys(makeRing('key-2', 'key-1'), ['key-1'])
  expect(await report()).toEqual({ primary: 'key-2', held: ['key-1', 'key-2'] })
  expect(await registry.metrics()).toContain('\nsigner_short_keys 1\n')
  metrics.setKeys(makeRing('key-2'), [])
  expect(await report()).toEqual({ primary: 'key-2', held: ['key-2'] })
})

test('name no key if a signer only counts its keys', () => {
  const help = '# HELP signer_keys Keys in use.\n# TYPE signer_keys gauge\n'
  expect(parseKeyMetrics(`${help}signer_keys 2\n`)).toBeUndefined()
  expect(parseKeyMetrics('')).toBeUndefined()
})
