// Generates docs/api.md: the frontend's API from its OpenAPI document, the signer's from the contract. The code gives the answers.
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
import { fieldMeanings } from './meanings.ts'
import { type SignerRoute, signerRoutes } from './signer-routes.ts'

type Content = Readonly<Record<string, { schema: ObjectSchema }>>
type Operation = {
  summary: string
  requestBody: { content: Content }
  responses: Readonly<Record<string, { description: string; content: Content }>>
}
type OpenApi = { paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

const shared: Readonly<Record<string, string>> = {
  'GET /healthz': '200 while the process runs.',
  'GET /readyz': '200 while the service takes requests, otherwise an error.',
  'GET /metrics': 'Metrics for Prometheus.',
  'GET /openapi.json': 'This API as an OpenAPI 3.1 document.',
}

/** Returns the page. Throws if a service has a route without a description. */
export async function formatApiPage(): Promise<string> {
  const [frontend, signer] = [makeFrontend(), makeSigner()]
  const sections: string[] = []
  // One after the other, because each example has the time of the page.
  for (const route of signerRoutes) sections.push(await formatSignerRoute(signer, route))
  return `${[
    '# API',
    '`make docs` generates this page from the schemas that validate requests. The code itself gave every answer on this page.',
    '',
    'Bodies are JSON. The services reject unknown fields, duplicate fields, wrong types and paths in any other spelling. Every answer',
    'has the header `x-request-id`. It repeats the id of the request if that is well-formed, and is a new one otherwise.',
    '',
    '## Frontend',
    'The frontend listens on port 8080. Public clients reach only `POST /process`, through the ingress gateway.',
    '',
    await formatOperations(frontend),
    formatOthers(frontend, ['POST /process']),
    '',
    '## Signer',
    'The signer listens on a Unix socket. In the Pod, `http://localhost:8081` leads to it through the mesh. [Wire format](wire-format.md)',
    'lists the headers of a request, and the clients that send them.',
    '',
    'Version 0.1.0 wrote `keyId` for `key_id`. A request may use either name, but not both. Version 0.3.0 will only know `key_id`.',
    '',
    'The [security model](security-model.md#limits) lists limits of sizes and times. The examples use the key of RFC 4231, test case 1.',
    '',
    ...sections,
    formatOthers(
      signer,
      signerRoutes.map(({ method, path }) => `${method} ${path}`),
    ),
    '',
    '## Errors',
    'An error is a problem document (RFC 9457). Programs use `code`, which determines the status. `detail` is for people. An answer',
    'with status 503 has the header `Retry-After: 1`, but not with the code `frozen`. With status 429 the header has the seconds to wait.',
    '',
    await formatExample(frontend, 400, { method: 'POST', path: '/process', body: {} }),
    '',
    formatErrors(),
    '',
    '## Answers of the proxies',
    'A proxy can answer before a request reaches a service. Its answer is plain text or empty, and has no `code` and no `x-request-id`.',
    'It has the header `server: istio-envoy`, which the answers of the services have too. Your own gateway or load balancer can add more.',
    '',
    '- **400 `Bad Request`:** the request is not valid HTTP. The gateway closes the connection.',
    '- **401 `Jwt …`:** the caller token is malformed, expired or of another issuer. The proxy of the signer sends it to the caller of',
    '  the signer, and the frontend answers 503 `signer_unavailable`. A public client never gets it, also with its own `Authorization`.',
    '- **403 `RBAC: access denied`:** no AuthorizationPolicy allows the request. Public clients may only `POST /process`. On the signer',
    '  it also means that the caller token is missing.',
    '- **404 with an empty body:** the gateway has no route for this host or path. Check the path, and the hosts of the Gateway.',
    '- **408, 413, 415:** the services send these, with a `code`.',
    '- **426 `Upgrade Required`:** the client speaks HTTP/1.0. Use HTTP/1.1 or newer. In nginx, set `proxy_http_version 1.1`.',
    '- **431 `Request Header Fields Too Large`:** the headers exceed 60 KiB. From 16 KiB on, the service refuses them, with a `code`.',
    '- **503 `no healthy upstream`:** no Pod is ready. Try again, and look at `kubectl get pods -n signing`.',
    '- **503 `upstream connect error …`:** the connection to the Pod failed. Try again. If it stays, compare mTLS and `exportTo`.',
    '- **504 `upstream request timeout`:** a timeout of your own route passed.',
    '',
    '## Stability',
    'Stable are paths, methods, fields, error codes with their statuses, and the names and labels of metrics. Within a minor version they',
    'change only by addition, so ignore fields and metrics that you do not know. A minor version may rename them. It then accepts the',
    'form of the version before, and the next minor version drops that form. [CHANGELOG.md](../CHANGELOG.md) lists every change. The text of',
    '`title` and `detail` is not stable. What a caller of the signer sends and reads is stable for longer: see [wire format](wire-format.md).',
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
  const { method, path, form, summary, owner = 'request', schema } = route
  const fields =
    schema &&
    formatFields(owner, z.toJSONSchema(schema, { io: 'input' }) as ObjectSchema, fieldMeanings)
  return [
    `### ${method} ${path}${form === undefined ? '' : ` with ${form}`}`,
    summary,
    '',
    ...(fields === undefined ? [] : [fields, '']),
    await formatExample(app, 200, route),
    '',
  ].join('\n')
}

async function formatExample(app: App, wanted: number, request: ExampleRequest): Promise<string> {
  const { method, path, body } = request
  const { status, text } = await askExample(app, request)
  if (status !== wanted) throw new Error(`${method} ${path} was answered with ${status}: ${text}`)
  const sent = body === undefined ? '' : ` ${JSON.stringify(body)}`
  return ['```http', `${method} ${path}${sent}`, `${status} ${text}`, '```'].join('\n')
}

/** Returns a table of the routes of `app` that are not in `described`. */
function formatOthers(app: App, described: readonly string[]): string {
  const others = listRoutes(app).filter((route) => !described.includes(route))
  return formatTable(
    ['other routes', 'answer'],
    others.map((route) => {
      const answer = shared[route]
      if (answer === undefined) throw new Error(`${route} has no description in api-page.ts`)
      return [asCode(route), answer]
    }),
  )
}
