// What a program reads of CONFIG: the file, its paths, and the names that it leaves to the manifests.
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../../../tools/cli/terminal.ts'
import { readApplication } from '../../../tools/kube/application.ts'

const config = `namespace: orders
resources: [app]
deployment: orders
container: web
port: 8000
routes: [{method: POST, path: /orders}]
egress: []
`
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  template:
    metadata: {labels: {app: orders}}
    spec:
      serviceAccountName: orders-account
      containers:
        - name: web
          ports: [{name: http, containerPort: 8000}]
`
const service = (name: string, more = 'targetPort: http', selector = '{app: orders}') => `---
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: ${selector}, ports: [{port: 80, ${more}}]}
`

/** Reads signing.yaml in a folder beside the manifests. */
async function read(manifests: string, text = config) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'application-'))
  const path = join(folder.path, 'signing.yaml')
  await writeFile(path, text)
  await writeFile(join(folder.path, 'app'), manifests)
  return readApplication(path)
}

async function readError(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    if (error instanceof UserError) return `${error.message}\n${error.todo}`
    throw error
  }
  return ''
}

test('its ServiceAccount and its Service come from the manifests', async () => {
  const other =
    service('other', 'targetPort: 9000') + service('unrelated', 'targetPort: 8000', '{app: x}')
  const found = await read(deployment + other + service('web'))
  expect(found).toMatchObject({ serviceAccount: 'orders-account', service: 'web', isOurs: false })
})

test.each([
  ['without targetPort', '{port: 8000}'],
  ['with its number', '{port: 80, targetPort: 8000}'],
])('a Service leads to the port %s', async (_, port) => {
  const found = await read(deployment + service('web').replace(/\{port: .*?\}/, port))
  expect(found.service).toBe('web')
})

test('names in the file win, and then the manifests are not read', async () => {
  const text = `${config}serviceAccount: mine\nservice: theirs\n`
  expect(await read('none', text)).toMatchObject({ serviceAccount: 'mine', service: 'theirs' })
})

test.each([
  ['no Deployment', service('web'), 'the resources have no Deployment orders'],
  [
    'another Deployment',
    deployment.replace('name: orders}', 'name: web}'),
    'Set `deployment` to one of web.',
  ],
  [
    'no account',
    deployment.replace(/ +serviceAccountName.*\n/, '') + service('web'),
    'has no ServiceAccount of its own',
  ],
  ['no Service', deployment, 'no Service in the resources leads to port 8000 of the container web'],
  ['two Services', deployment + service('a') + service('b'), 'Set `service` to one of a, b.'],
  ['no YAML', '{', 'app is not a manifest of Kubernetes'],
  ['no resource', 'a: b', 'app is not a manifest of Kubernetes'],
])('manifests with %s are refused', async (_, manifests, expected) => {
  expect(await readError(() => read(manifests))).toContain(expected)
})

test('mistakes are printed with the file and line', async () => {
  const error = await readError(() => read(deployment, config.replace('8000', '0')))
  expect(error).toMatch(
    /signing\.yaml:5:7: port: must be a port from 1 to 65535\nCorrect .*signing\.yaml/,
  )
})

test('a file that is not there, and a folder, are refused', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'application-'))
  const missing = await readError(() => readApplication(join(folder.path, 'none.yaml')))
  expect(missing).toContain('none.yaml does not exist')
  expect(missing).toContain(`A relative path starts at ${process.cwd()}.`)
  await mkdir(join(folder.path, 'app'))
  const isFolder = await readError(() => readApplication(join(folder.path, 'app')))
  expect(isFolder).toMatch(/is a folder\nGive a file: CONFIG=.*app\/signing\.yaml/)
})

test('a manifest that is not there is refused with its name', async () => {
  const error = await readError(() => read(deployment, config.replace('[app]', '[app, none.yaml]')))
  expect(error).toMatch(/signing\.yaml:2:18: resources\.1: none\.yaml does not exist/)
})
