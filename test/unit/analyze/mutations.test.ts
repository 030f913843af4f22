// The single changes that the tests make of resources of any kind.
import { expect, test } from 'vitest'
import type { Resource } from '../../../tools/kube/resources.ts'
import { listMutations, sampleMutations } from '../../support/mutations/list-mutations.ts'

const of = (kind: string, spec: object): Resource => ({
  ...{ apiVersion: 'example/v1', kind, metadata: { name: 'x' } },
  spec,
})
const list = (...resources: Resource[]) => listMutations(resources)
const listNames = (spec: object) =>
  list(of('Example', spec))
    .map(({ name }) => name)
    .filter((name) => name.startsWith('Example/x spec.'))
    .map((name) => name.replace('Example/x spec.', ''))
    .filter((name) => !name.includes('owner'))

test('deletes each resource, field and list item, and changes each value', () => {
  expect(listNames({ mode: 'STRICT', open: false, port: 1, paths: ['/ab'] })).toEqual([
    'mode STRICT deleted',
    ...['mode STRICT → PERMISSIVE', 'mode STRICT → DISABLE'],
    ...['open false deleted', 'open false → true'],
    ...['port 1 deleted', 'port 1 → 0', 'port 1 → 2'],
    ...['paths ["/ab"] deleted', 'paths[0] /ab deleted'],
    ...['paths[0] /ab → *', 'paths[0] /ab → ""', 'paths[0] /ab → /*', 'paths[0] /ab → /abx'],
  ])
  const pair = [of('Example', {}), of('Other', {})]
  const [deletion] = listMutations(pair)
  expect(deletion?.name).toBe('Example/x deleted')
  expect(deletion?.resources()).toEqual(pair.slice(1))
})

test('changes one token of an expression at a time', () => {
  const expression = "a.all(c, c != 'b')"
  const made = list(of('Example', { expression })).flatMap(
    (each) => Object(each.resources()[0]?.spec).expression ?? [],
  )
  for (const changed of [
    ...["a.exists(c, c != 'b')", "a.all(c, c == 'b')", "a.all(c, c != '')", "a.all(c, c != '.*')"],
    ...['true', 'false', `!(${expression})`],
  ]) {
    expect(made).toContain(changed)
  }
})

test('adds what widens a resource, and changes JSON inside a text', () => {
  const spec = { template: { spec: { containers: [{ name: 'a' }] } } }
  const names = list(of('Deployment', spec)).map(({ name }) => name)
  expect(names.join('\n')).toContain('hostNetwork set to true')
  expect(names.join('\n')).toContain('capabilities.add + "SYS_PTRACE"')
  const text = { ...of('ConfigMap', {}), data: { a: '{"allow": ["/x"]}' } }
  const made = list(text).flatMap((each) => Object(each.resources()[0]?.data).a ?? [])
  expect(made).toContain('{"allow":["/x",{"prefix":"/"}]}\n')
  expect(made).toContain('{"allow":[]}\n')
})

test('changes nothing but the named place, and leaves the originals alone', () => {
  const resources = [of('Example', { a: { b: [1, 2] } }), of('Other', { c: true })]
  const before = structuredClone(resources)
  const made = listMutations(resources).map((each) => JSON.stringify(each.resources()))
  expect(resources).toEqual(before)
  expect(made).not.toContain(JSON.stringify(before))
  expect(new Set(made).size).toBe(made.length)
})

test('a seed always chooses the same sample', () => {
  const all = list(of('Example', { a: 1, b: 'x', c: [true, false] }))
  const choose = (seed: number) => sampleMutations(all, 5, seed).map(({ name }) => name)
  expect(choose(1)).toEqual(choose(1))
  expect(choose(1)).not.toEqual(choose(2))
  expect(new Set(choose(1)).size).toBe(5)
})
