// Which fields a schema does not have.
import { expect, test } from 'vitest'
import { listUnknownFields } from '../../../tools/kube/openapi.ts'

const text = { type: 'string' }
const schema = {
  type: 'object',
  properties: {
    name: text,
    labels: { type: 'object', additionalProperties: text },
    items: { type: 'array', items: { type: 'object', properties: { key: text } } },
    any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    nothing: { type: 'object' },
    port: { 'x-kubernetes-int-or-string': true },
    other: { allOf: [{ $ref: '#/components/schemas/x' }] },
  },
}

test.each([
  [{ name: 'a', port: 1, labels: { a: 'b' }, items: [{ key: 'a' }], any: { a: { b: 1 } } }, []],
  [{ other: { a: 1 } }, []],
  [{ nam: 'a' }, ['nam']],
  [{ items: [{ key: 'a' }, { kez: 'a' }] }, ['items.kez']],
  [{ nothing: { a: 1 } }, ['nothing.a']],
  [{ nam: { a: 1 }, items: [{ kez: 'a' }] }, ['nam', 'items.kez']],
])('%j has the unknown fields %j', (value, unknown) => {
  expect(listUnknownFields(value, schema)).toEqual(unknown)
})
