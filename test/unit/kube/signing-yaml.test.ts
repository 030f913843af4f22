// signing.yaml: every mistake has its line, column and field. Editors find the same by the JSON Schema.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { jsonSchema } from '../../../tools/kube/application/json-schema.ts'
import { parseSigningConfig } from '../../../tools/kube/application/parse.ts'
import { formatSigningYaml } from '../../../tools/reference/signing-yaml.ts'

const ours = readFileSync(join(CHECKOUT, 'k8s/frontend/signing.yaml'), 'utf8')
const minimal = `namespace: orders
resources: [deployment.yaml]
deployment: orders
container: web
port: 8000
routes: [{method: POST, path: /orders}]
egress: []
`
const editors = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(jsonSchema)

/** Returns the mistakes as `make deploy` prints them. */
function listMistakes(text: string): string[] {
  const parsed = parseSigningConfig(text)
  if ('config' in parsed) return []
  return parsed.mistakes.map(
    ({ line, column, field, problem }) => `${line}:${column} ${field}: ${problem}`,
  )
}

describe.each([
  ['our own file', ours],
  ['a minimal file', minimal],
  ['the file in docs/configuration.md', formatSigningYaml()],
  ['a file of Windows', `\uFEFF${minimal.replaceAll('\n', '\r\n')}`],
  ['a prefix of a path', minimal.replace('/orders}', '/orders/*}')],
  ['every path', minimal.replace('/orders}', '/*}')],
  [
    'a body that is text',
    `${minimal}smoke: {request: {method: POST, path: '/orders?x=1', body: hi}}\n`,
  ],
  ['limits without figures', `${minimal}limits: {}\n`],
  ['egress to every Service', minimal.replace('[]', '["*/*", ./prices, billing/*.example.com]')],
])('%s', (_, text) => {
  test('is accepted', () => expect(listMistakes(text)).toEqual([]))
  test('is accepted by editors', () => expect(editors(parse(text))).toBe(true))
})

/** One field of the minimal file is replaced or added. Where the mistake is, and the start of its text. */
const mistakes: [string, string, string][] = [
  ['namespace: Orders', 'namespace: Orders', '1:12 namespace: must be a DNS label'],
  [
    'namespace: 5',
    'namespace: 5',
    '1:12 namespace: must be text, not a whole number. Put it in quotes',
  ],
  ['namespace:', 'namespace:', '1:11 namespace: is missing. The namespace'],
  [
    'resources: deployment.yaml',
    'resources: deployment.yaml',
    '2:12 resources: must be a list, not text',
  ],
  ['resources: []', 'resources: []', '2:12 resources: needs at least one file'],
  ['deployment: or_ders', 'deployment: or_ders', '3:13 deployment: must be a DNS name'],
  ['container: signer', 'container: signer', '4:12 container: must be a DNS label, and not signer'],
  [
    'container: istio-proxy',
    'container: istio-proxy',
    '4:12 container: must be a DNS label, and not',
  ],
  ['port: 0', 'port: 0', '5:7 port: must be a port from 1 to 65535'],
  ['port: 65536', 'port: 65536', '5:7 port: must be a port from 1 to 65535'],
  ['port: "80"', 'port: "80"', '5:7 port: must be a whole number, not text'],
  [
    'routes: [{method: post, path: /orders}]',
    'a method in lower case',
    '6:19 routes.0.method: "post" does not exist. Use POST',
  ],
  [
    'routes: [{method: POST, path: orders}]',
    'a path without /',
    '6:31 routes.0.path: must be a path',
  ],
  [
    'routes: [{method: POST, path: /a*}]',
    'a prefix that is no folder',
    '6:31 routes.0.path: must be a path',
  ],
  [
    'routes: [{method: POST, path: /a/../b}]',
    'a path with ..',
    '6:31 routes.0.path: must be a path',
  ],
  ['routes: [{method: POST, path: //a}]', 'a path with //', '6:31 routes.0.path: must be a path'],
  [
    'routes: [{method: POST, path: "/{*}"}]',
    'a path template',
    '6:31 routes.0.path: must be a path',
  ],
  [
    'routes: [{method: POST, pth: /orders}]',
    'a misspelled field',
    '6:25 routes.0.pth: there is no such field. Use path',
  ],
  [
    'egress: [billing.example]',
    'egress without a namespace',
    '7:10 egress.0: must be NAMESPACE/HOST',
  ],
  ['egress: [~/*]', 'egress to nothing', '7:10 egress.0: must be NAMESPACE/HOST'],
  [
    'serviceAccount: default',
    'the account default',
    '8:17 serviceAccount: must be the name of an account of its own',
  ],
  [
    'service: 1st',
    'a Service with a digit first',
    '8:10 service: must be a DNS label that begins with a letter',
  ],
  [
    'components: [netpolicy]',
    'an unknown component',
    '8:14 components.0: "netpolicy" does not exist. Use network-policy',
  ],
  [
    'overlay: seperate-pods',
    'an unknown overlay',
    '8:10 overlay: "seperate-pods" does not exist. Use separate-pods',
  ],
  ['gateway: public', 'a Gateway without namespace', '8:10 gateway: must be NAMESPACE/NAME'],
  ['publicHost: https://orders.example', 'a URL', '8:13 publicHost: must be a DNS name'],
  [
    'images: {web: {tag: x}}',
    'an unknown field of an image',
    '8:16 images.web.tag: there is no such field. Use newTag',
  ],
  [
    'images: {web: {newTag: 1.4}}',
    'a tag that is a number',
    '8:24 images.web.newTag: must be text',
  ],
  [
    'smoke: {request: {method: POST, path: /orders, headers: {"a b": x}}}',
    'a header with a space',
    '8:65 smoke.request.headers.a b: must be the name',
  ],
  [
    'smoke: {request: {method: POST, path: /orders}, answer: {signature: sig, keyId: /k, signed: x}}',
    'no pointer',
    '8:69 smoke.answer.signature: must be a JSON pointer',
  ],
  ['limits: {burst: 0}', 'a limit of nothing', '8:17 limits.burst: must be a whole number from 1'],
  [
    'limits: {signaturesPerDay: 1.5}',
    'half a signature',
    '8:28 limits.signaturesPerDay: must be a whole number',
  ],
  [
    'limits: {perSecond: 5}',
    'an unknown limit',
    '8:10 limits.perSecond: there is no such field. Use ',
  ],
  ['namspace: orders', 'an unknown field', '8:1 namspace: there is no such field. Use namespace'],
]

describe.each(mistakes)('%s', (line, _, expected) => {
  const [field = ''] = line.split(':')
  const text =
    minimal.includes(`\n${field}:`) || field === 'namespace'
      ? minimal.replace(new RegExp(`^${field}:.*$`, 'm'), line)
      : `${minimal}${line}\n`

  test('is refused with its line, column and field', () => {
    const found = listMistakes(text).map((each) => each.slice(0, expected.length))
    expect(found).toContain(expected)
  })
  test('is refused by editors', () => expect(editors(parse(text))).toBe(false))
})

test.each([
  [
    'two equal routes',
    minimal.replace('}]', '}, {method: POST, path: /orders}]'),
    '6:41 routes.1: must differ',
  ],
  [
    'a smoke request that no route lets through',
    `${minimal}smoke: {request: {method: GET, path: /orders}}\n`,
    '8:38 smoke.request.path: must have the method and path',
  ],
  [
    'a body with GET',
    `${minimal.replace('POST', 'GET')}smoke: {request: {method: GET, path: /orders, body: {a: 1}}}\n`,
    '8:53 smoke.request.body: must be left out',
  ],
  [
    'an answer without the signed text',
    `${minimal}smoke: {request: {method: POST, path: /orders}, answer: {signature: /s, keyId: /k}}\n`,
    '8:57 smoke.answer: needs either message or signed',
  ],
  [
    'a webhook without its body',
    `${minimal}smoke: {request: {method: POST, path: /orders}, webhook: {headers: /h}}\n`,
    '8:58 smoke.webhook: needs either body or signed',
  ],
  [
    'an answer and a webhook',
    `${minimal}smoke: {request: {method: POST, path: /orders}, webhook: {headers: /h, body: /b}, answer: {signature: /s, keyId: /k, message: /m}}\n`,
    '8:8 smoke: has answer and webhook: leave one of them out',
  ],
  [
    'a limit for a second over that of the day',
    `${minimal}limits: {signaturesPerSecond: 20, signaturesPerDay: 10}\n`,
    '8:31 limits.signaturesPerSecond: is more than signaturesPerDay, which is 10. Lower it, or raise',
  ],
  [
    'a burst over the usual limit of the day',
    `${minimal}limits: {burst: 1000001}\n`,
    '8:17 limits.burst: is more than signaturesPerDay, which is 1000000. Lower it, or raise',
  ],
  [
    'an image with tag and digest',
    `${minimal}images: {web: {newTag: a, digest: "sha256:${'0'.repeat(64)}"}}\n`,
    '8:15 images.web: must have newTag or digest',
  ],
])('%s is refused', (_, text, expected) => {
  expect(listMistakes(text)[0]?.slice(0, expected.length)).toBe(expected)
})

test.each([
  ['an empty file', '', '1:1 : the file is empty'],
  ['a file of comments', '# nothing\n', '1:1 : the file is empty'],
  ['null', '~', '1:1 : the file is empty'],
  ['a list', '- a', '1:1 : must be a map of fields, not a list'],
  ['text', 'orders', '1:1 : must be a map of fields, not text'],
  [
    'a tab',
    'namespace: x\nsmoke:\n\trequest: x',
    '3:1 : Tabs are not allowed as indentation. Indent with spaces',
  ],
  ['a field twice', 'port: 1\nport: 2', '2:1 : the field is there twice'],
  ['an anchor', 'namespace: &x orders', '1:15 : the anchor &x is not supported'],
  ['an alias', 'egress: [a/b]\nroutes: *x', '2:9 : '],
  ['an anchor that contains itself', 'images: &x {a: *x}', '1:12 : the anchor &x is not supported'],
  ['a merge', `${minimal}<<: {port: 1}\n`, '8:1 <<: there is no such field'],
  ['two documents', 'port: 1\n---\nport: 2', '3:1 : a second document begins here'],
  ['an open bracket', 'egress: [', '1:10 : '],
  ['a tag', 'namespace: !secret x', '1:12 : Unresolved tag'],
  ['a field whose name is a list', '? [a]\n: b', '1:3 : the name of a field must be text'],
])('%s is refused', (_, text, expected) => {
  expect(listMistakes(text)[0]?.slice(0, expected.length)).toBe(expected)
})

test('all mistakes of a file are found at once, in their order', () => {
  const found = listMistakes('port: 0\nroutes: []\nnamespace: A\n')
  expect(found.map((each) => each.split(':').slice(0, 2).join(':'))).toEqual([
    ...['1:1 resources', '1:1 deployment', '1:1 container', '1:1 egress'],
    ...['1:7 port', '2:9 routes', '3:12 namespace'],
  ])
})
