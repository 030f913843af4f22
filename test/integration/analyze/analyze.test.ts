// `make analyze` reports mistakes in copies of the resources with file and line.

import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { makeFolder } from '../../support/folder.ts'
import { needsCluster } from '../../support/skips.ts'

const program = join(CHECKOUT, 'tools/analyze/analyze.ts')
const mine = {
  apiVersion: 'kustomize.config.k8s.io/v1beta1',
  kind: 'Kustomization',
  resources: ['../k8s/overlays/default'],
  images: ['frontend', 'signer'].map((name) => ({
    name: `secure-signing/${name}`,
    newName: `registry.example/${name}`,
    newTag: 'v1',
  })),
}
let folder: string

beforeEach(async () => {
  folder = await makeFolder()
  for (const name of ['mesh', 'k8s']) {
    await cp(join(CHECKOUT, name), join(folder, name), { recursive: true })
  }
  await write('mine/kustomization.yaml', stringify(mine))
})

async function write(name: string, text: string): Promise<void> {
  await cp(join(CHECKOUT, 'k8s/base/kustomization.yaml'), join(folder, name), { recursive: true })
  await writeFile(join(folder, name), text)
}

/** Replaces `old` in a file, and returns its "file:line". */
async function edit(name: string, old: string, replacement: string): Promise<string> {
  const text = await readFile(join(folder, name), 'utf8')
  expect(text).toContain(old)
  await writeFile(join(folder, name), text.replace(old, replacement))
  return `${name}:${text.slice(0, text.indexOf(old)).split('\n').length}`
}

/** Runs the program. `found` has its lines without messages. */
async function analyze(files: string, kubeconfig?: string) {
  const env = { ...process.env, FILES: join(folder, files) }
  const { code, stdout, stderr } = await tryRun('node', [program], {
    cwd: folder,
    env: kubeconfig === undefined ? env : { ...env, KUBECONFIG: kubeconfig },
  })
  const found = stdout.split('\n').filter((line) => line !== '')
  return { code, stderr, stdout, found: found.map((line) => line.replace(/\] .*/, ']')) }
}

const nowhere = '/nowhere'

test('without a cluster, prints what was not checked, and fails', async () => {
  const { code, stdout, stderr } = await analyze('mine', nowhere)
  expect(stdout).toBe('')
  expect(stderr).toContain('schemas: not checked')
  expect(code).toBe(1)
})

test('reports every mistake at its line, sorted', async () => {
  const places = [
    await edit('k8s/base/deployment.yaml', 'runAsUser: 10001', 'runAsUser: 1337'),
    await edit(
      'k8s/base/deployment.yaml',
      '- {name: SIGNER_SOCKET, value: /',
      '- {name: SIGNER_SOCKET, value: "@"} #',
    ),
    await edit(
      'mesh/allow-frontend-to-sign.yaml',
      'paths: [/sign,',
      'notPaths: [/keys], paths: [/sign*,',
    ),
    await edit('mesh/require-mtls.yaml', 'STRICT}', 'PERMISSIVE}'),
    await edit(
      'mesh/secure-signing-sidecar.yaml',
      'unix:///run/signer/signer.sock',
      'unix://@signer',
    ),
  ]
  const list = await edit('mesh/kustomization.yaml', 'resources:', 'resources:')
  await edit('mesh/kustomization.yaml', '  - allow-nothing.yaml\n', '')
  const { code, found } = await analyze('mine', nowhere)
  const [user, socket, policy, mtls, endpoint] = places
  expect(found).toEqual([
    `${user}: [user-ids]`,
    `${socket}: [addresses]`,
    `${policy}: [exact-allow]`,
    `${policy}: [negative-match]`,
    `${list}: [default-deny]`,
    `${mtls}: [strict-mtls]`,
    `${endpoint}: [proxy-endpoints]`,
  ])
  expect(code).toBe(1)
})

test('reports a mistake in a patch at the patch', async () => {
  const patches = [
    { path: 'patch.yaml' },
    { patch: 'X' },
    { path: 'json.yaml', target: { kind: 'PeerAuth.*' } },
  ]
  await write('mine/kustomization.yaml', stringify({ ...mine, patches }))
  const head =
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: secure-signing, namespace: signing}\n'
  const spec = 'spec:\n  template:\n    spec:\n'
  await write(
    'mine/patch.yaml',
    `${head}${spec}      containers:\n        - name: frontend\n          volumeMounts: [{name: hmac-key, mountPath: /k, readOnly: true}]\n`,
  )
  await write(
    'mine/json.yaml',
    '- op: test\n  path: /kind\n  value: PeerAuthentication\n- op: replace\n  path: /spec/mtls/mode\n  value: DISABLE\n',
  )
  const inline = `${head}${spec}      hostPID: true`.replaceAll('\n', '\n      ')
  const place = await edit('mine/kustomization.yaml', 'patch: X', `patch: |\n      ${inline}`)
  const { found } = await analyze('mine', nowhere)
  expect(found).toEqual([
    'mine/json.yaml:4: [strict-mtls]',
    `mine/kustomization.yaml:${Number(place.split(':')[1]) + 7}: [host-and-processes]`,
    'mine/patch.yaml:9: [key-mount]',
  ])
})

test('reports messages of istioctl at their lines', async () => {
  const place = await edit(
    'mesh/signer-in-pod-destination-rule.yaml',
    'exportTo: ["."]',
    'exportTo: ["."]\n  subsets: [{}]',
  )
  const { found, stdout } = await analyze('mine', nowhere)
  expect(found.map((line) => line.split(':')[0])).toEqual([place.split(':')[0]])
  expect(stdout).toContain('[IST0106]')
})

/** Resources in the namespace that do not concern the signing Pod. */
const neighbour = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: other}
spec:
  selector: {matchLabels: {app: other}}
  template:
    metadata: {labels: {app: other}}
    spec: {containers: [{name: other, image: registry.example/other}]}
---
apiVersion: v1
kind: Service
metadata: {name: other}
spec: {selector: {app: other}, ports: [{port: 6379}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: other}
spec: {selector: {matchLabels: {app: other}}, rules: [{to: [{operation: {notPaths: [/x]}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: other}
spec: {hosts: [other], http: [{route: [{destination: {host: other}}]}]}
`

describe('a folder of plain YAML', () => {
  test('is read by files and documents', async () => {
    const { yaml } = await renderSample()
    await write('plain/all.yaml', yaml)
    await write('plain/neighbour.yaml', neighbour)
    expect((await analyze('plain', nowhere)).found).toEqual([])
    const line = await edit('plain/all.yaml', '    mode: STRICT', '    mode: DISABLE')
    await write('plain/deeper/more.yml', 'kind: Nothing\n---\na: {b: 1\n')
    expect((await analyze('plain', nowhere)).found).toEqual([
      `${line}: [strict-mtls]`,
      'plain/deeper/more.yml:1: [yaml]',
      expect.stringMatching(/^plain\/deeper\/more.yml:[34]: \[yaml\]$/),
    ])
  })

  test('must exist and have YAML files', async () => {
    expect((await analyze('absent')).stderr).toContain('absent does not exist')
    await write('empty/notes.txt', '')
    expect((await analyze('empty')).stderr).toContain('no YAML files')
  })
})

describe('on the live API', needsCluster, () => {
  test('prints nothing for resources without mistakes', async () => {
    const { code, stdout, stderr } = await analyze('mine')
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: '' })
  })

  test('prints nothing for what make deploy applies', async () => {
    const { FILES: _, ...env } = process.env
    const result = await tryRun('node', [program], { env })
    expect(result).toMatchObject({ code: 0, stdout: '' })
  })

  test('reports every schema error at its line, also if the namespace is missing', async () => {
    const places = [
      await edit('k8s/base/deployment.yaml', 'hostname: signing-pod', 'hostnme: signing-pod'),
      await edit(
        'k8s/base/deployment.yaml',
        '{name: CALLER_TOKEN_FILE, value:',
        '{name: CALLER_TOKEN_FILE, valu:',
      ),
      await edit('mesh/frontend-virtual-service.yaml', 'timeout: 10s', 'timout: 10s'),
    ]
    for (const namespace of ['signing', 'signing-test-absent']) {
      await write('mine/kustomization.yaml', stringify({ ...mine, namespace }))
      const { found } = await analyze('mine')
      expect(found.filter((line) => line.includes('[schema]'))).toEqual(
        places.map((place) => `${place}: [schema]`),
      )
    }
  })
})
