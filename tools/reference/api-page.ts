// docs/api.md: the frontend's interface from its OpenAPI document, the signer's from the contract, answers from the code.
import * as z from 'zod/mini'
import { describeApi } from '../../frontend/openapi.ts'
import type { App } from '../../runtime/http/http-app.ts'
import { formatErrors } from './errors-table.ts'
import {
  askExample,
  type ExampleRequest,
  listRoutes,
  makeFrontend,
  makeSigner,
} from './example-services.ts'
import { formatFields, type ObjectSchema } from './fields.ts'
import { asCode, formatTable } from './markdown.ts'
import { type SignerRoute, signerRoutes } from './signer-routes.ts'

type Content = Readonly<Record<string, { schema: ObjectSchema }>>
type Operation = {
  summary: string
  requestBody: { content: Content }
  responses: Readonly<Record<string, { description: string; content: Content }>>
}
type OpenApi = { paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

const shared: Readonly<Record<string, string>> = {
  'GET /healthz': '200 while the process runs',
  'GET /readyz': '200 while requests are served; else the problem that says why not',
  'GET /metrics': "Prometheus' text format",
  'GET /openapi.json': 'this interface as an OpenAPI 3.1 document',
}

/** Returns the page. Throws if a service has a route that is not described. */
export async function formatApiPage(): Promise<string> {
  const [frontend, signer] = [makeFrontend(), makeSigner()]
  const sections = await Promise.all(signerRoutes.map((route) => formatSignerRoute(signer, route)))
  return `${[
    '# API',
    'Made by `make docs` from the schemas that requests are validated by; every answer below is one that the code gave. Bodies',
    'are JSON. An unknown field, a duplicate one and a wrong type are refused, and so is a path that is written in any other way.',
    'Every answer has an `x-request-id`: the one that was sent, if it has the form of one, or a new one.',
    '',
    '## The frontend, for the world',
    'Port 8080 of the Pod; through the ingress gateway the world has `POST /process` alone (`mesh/frontend-virtual-service.yaml`).',
    '',
    await formatOperations(frontend),
    formatOthers(frontend, ['POST /process']),
    '',
    '## The signer, for the frontend alone',
    'A Unix socket, and `http://localhost:8081` in the Pod, which leads there through the mesh. A caller sends the token of audience',
    '`signer` as `authorization: Bearer …`, which the proxy checks, and three headers that sign the request with the pairing secret,',
    'which the signer checks (RFC 9421 and 9530, `runtime/http/http-signature.ts`): `content-digest`, `signature-input` and `signature`.',
    'Also send `x-json-case: snake`. Without it, this version answers with `keyId` instead of `key_id`, as version 0.1.0 did. Requests may',
    'have either name, but not both. Version 0.3.0 knows only `key_id`.',
    'Sizes and times: [signer.md](signer.md#limits). The key of the examples is that of RFC 4231, test case 1.',
    '',
    ...sections,
    formatOthers(
      signer,
      signerRoutes.map(({ method, path }) => `${method} ${path}`),
    ),
    '',
    '## Errors',
    'An error is a problem of RFC 9457. Programs go by `code`, which fixes the status; `detail` is for people. A 503 has',
    '`Retry-After: 1`.',
    '',
    await formatExample(frontend, 400, { method: 'POST', path: '/process', body: {} }),
    '',
    formatErrors(),
  ].join('\n')}\n`
}

async function formatOperations(app: App): Promise<string> {
  const { paths } = describeApi() as OpenApi
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
  const sections = operations.map(async ({ method, path, operation }) => {
    const { summary, requestBody, responses } = operation
    const request = requestBody.content['application/json']?.schema ?? {}
    const response = responses[200]?.content['application/json']?.schema ?? {}
    const answers = Object.entries(responses).map(([status, { description }]) => [
      status,
      description,
    ])
    return [
      `### ${method.toUpperCase()} ${path}`,
      summary,
      '',
      formatFields('request', request),
      '',
      formatFields('answer', response),
      '',
      formatTable(['status', 'when'], answers),
      '',
      await formatExample(app, 200, {
        method: method.toUpperCase(),
        path,
        body: { message: 'Hi There' },
      }),
      '',
    ].join('\n')
  })
  return (await Promise.all(sections)).join('\n')
}

async function formatSignerRoute(app: App, route: SignerRoute): Promise<string> {
  const { method, path, summary, schema } = route
  const fields =
    schema && formatFields('request', z.toJSONSchema(schema, { io: 'input' }) as ObjectSchema)
  return [
    `### ${method} ${path}`,
    summary,
    '',
    ...(fields === undefined ? [] : [fields, '']),
    await formatExample(app, 200, route),
    '',
  ].join('\n')
}

/** What is sent, and the answer to it. Throws if that has another status than `wanted`. */
async function formatExample(app: App, wanted: number, request: ExampleRequest): Promise<string> {
  const { method, path, body } = request
  const { status, text } = await askExample(app, request)
  if (status !== wanted) throw new Error(`${method} ${path} was answered with ${status}: ${text}`)
  const sent = body === undefined ? '' : ` ${JSON.stringify(body)}`
  return ['```http', `${method} ${path}${sent}`, `${status} ${text}`, '```'].join('\n')
}

/** The routes of `app` besides those that are `described`. */
function formatOthers(app: App, described: readonly string[]): string {
  const others = listRoutes(app).filter((route) => !described.includes(route))
  return formatTable(
    ['besides', 'answer'],
    others.map((route) => {
      const answer = shared[route]
      if (answer === undefined) throw new Error(`${route} is not described`)
      return [asCode(route), answer]
    }),
  )
}
