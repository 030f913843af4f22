// The OpenAPI document matches the answers of the service.
import { describe, expect, test } from 'vitest'
import { createApp } from '../../../frontend/app.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { AppError } from '../../../runtime/errors.ts'
import { createMetrics } from '../../../runtime/metrics.ts'
import { get, post } from '../../support/services/http.ts'

function makeApp(fault?: AppError) {
  return createApp({
    log: () => {},
    metrics: createMetrics(),
    isDraining: () => false,
    requireSigner: () => {},
    maxRequests: 1,
    askSigner: async () => {
      if (fault !== undefined) throw fault
      return { signature: 'ab'.repeat(32), key_id: 'key-1', algorithm: 'HMAC-SHA256' }
    },
  })
}

type Schema = {
  required: string[]
  properties: Record<string, { pattern?: string }>
  additionalProperties?: boolean
}
type Content = Record<string, { schema: Schema }>
type Operation = {
  requestBody: { content: Content }
  responses: Record<string, { content: Content }>
}

async function readOperation(): Promise<Operation> {
  const { status, body } = await get(makeApp(), '/openapi.json')
  expect([status, body.openapi]).toEqual([200, '3.1.1'])
  return (body.paths as { '/process': { post: Operation } })['/process'].post
}

describe('GET /openapi.json', () => {
  test('has the version of the package', async () => {
    const { body } = await get(makeApp(), '/openapi.json')
    expect(body.info).toMatchObject({ version: packageJson.version })
  })

  test('requires a message and nothing else', async () => {
    const { requestBody } = await readOperation()
    expect(requestBody.content['application/json']?.schema).toMatchObject({
      type: 'object',
      required: ['message'],
      properties: { message: { type: 'string' } },
      additionalProperties: false,
    })
  })

  test('describes the answer', async () => {
    const { responses } = await readOperation()
    const schema = responses[200]?.content['application/json']?.schema
    const { body } = await post(makeApp(), '/process', { message: 'a' })
    expect(Object.keys(body).sort()).toEqual(schema?.required.toSorted())
    const pattern = schema?.properties.signature?.pattern ?? 'none'
    expect(body.signature).toMatch(new RegExp(pattern))
  })

  test.each([
    [400, undefined, {}],
    [413, undefined, { message: 'a'.repeat(70_000) }],
    [500, new Error('a bug') as AppError, { message: 'a' }],
    [503, new AppError('signer_unavailable', 'unavailable'), { message: 'a' }],
    [503, new AppError('pairing_unavailable', 'unavailable'), { message: 'a' }],
    [504, new AppError('signer_timeout', 'late'), { message: 'a' }],
  ])('describes the error %i', async (wanted, fault, request) => {
    const { responses } = await readOperation()
    const { status, body } = await post(makeApp(fault), '/process', request)
    expect(status).toBe(wanted)
    const schema = responses[status]?.content['application/problem+json']?.schema
    expect(Object.keys(schema?.properties ?? {})).toEqual(expect.arrayContaining(Object.keys(body)))
    expect(Object.keys(body)).toEqual(expect.arrayContaining(schema?.required ?? ['a schema']))
  })
})
