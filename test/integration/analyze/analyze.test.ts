// `make analyze` reports mistakes in copies of the resources with file and line.
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { findComplaints } from '../../../tools/analyze/istioctl.ts'
import { readSubject } from '../../../tools/analyze/read-subject.ts'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { formatResources } from '../../../tools/kube/resources.ts'
import {
  edit,
  listPlaces,
  mine,
  read,
  report,
  runAnalyze,
  useCopy,
  write,
} from '../../support/analyzed-copy.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { readUserPolicies } from '../../support/attack/user-tokens.ts'
import { makeFolder } from '../../support/folder.ts'

useCopy()

const nowhere = '/nowhere'

/** Analyzes files without a cluster. */
async function analyze(files: string): Promise<string[]> {
  const subject = await read(files)
  const found = applyRules(rules, subject.resources)
  return report(subject, [...found, ...(await findComplaints(subject, undefined))])
}

test('without a cluster, prints what was not checked, and fails', async () => {
  const { code, stdout, stderr } = await runAnalyze(nowhere)
  expect(stdout).toBe('')
  expect(stderr).toContain('schemas: not checked')
  expect(code).toBe(1)
})

test('reports every mistake at its line, sorted', async () => {
  const places = [
    await edit('k8s/frontend/deployment.yaml', 'runAsUser: 10001', 'runAsUser: 1337'),
    await edit(
      'k8s/components/signer/deployment-patch.yaml',
      '- {name: SIGNER_SOCKET, value: /',
      '- {name: SIGNER_SOCKET, value: "@"} #',
    ),
    await edit(
      'mesh/signer-allow-caller.yaml',
      'paths: [/sign,',
      'notPaths: [/keys], paths: [/sign*,',
    ),
    await edit('mesh/signer-require-mtls.yaml', 'STRICT}', 'PERMISSIVE}'),
    await edit('mesh/signer-sidecar.yaml', 'unix:///run/signer/signer.sock', 'unix://@signer'),
  ]
  const list = await edit('mesh/kustomization.yaml', 'resources:', 'resources:')
  await edit('mesh/kustomization.yaml', '  - signer-allow-nothing.yaml\n', '')
  const { code, stdout } = await runAnalyze(nowhere)
  const [user, socket, policy, mtls, endpoint] = places
  expect(listPlaces(stdout)).toEqual([
    `${socket}: [addresses]`,
    `${user}: [user-ids]`,
    `${list}: [as-released]`,
    // Two differences in one line.
    ...[policy, policy].map((place) => `${place}: [as-released]`),
    `${mtls}: [as-released]`,
    `${endpoint}: [as-released]`,
  ])
  expect(code).toBe(1)
})

test('reports an edited and a missing admission policy, and a path that Envoy must not serve, at their lines', async () => {
  const admission = 'k8s/admission'
  const envoy = 'mesh/envoy-admin-allowlist-config-map.yaml'
  await edit(envoy, '"/stats"', '"/"')
  const places = [
    await edit(
      `${admission}/no-way-into-signer-validating-admission-policy-binding.yaml`,
      '[Deny, Audit]',
      '[Audit]',
    ),
    await edit(
      `${admission}/processes-stay-apart-validating-admission-policy.yaml`,
      'orValue(false)"',
      'orValue(false) || true"',
    ),
    await edit(envoy, 'custom_bootstrap.json', 'custom_bootstrap.json'),
    await edit(`${admission}/kustomization.yaml`, 'resources:', 'resources:'),
  ]
  for (const kind of ['policy', 'policy-binding']) {
    const line = `  - key-stays-in-signer-validating-admission-${kind}.yaml\n`
    await edit(`${admission}/kustomization.yaml`, line, '')
  }
  const found = await analyze('mine')
  expect(found.map((each) => each.replace(/:(\d+): .*/, ':$1')).toSorted()).toEqual(
    [...places, ...places.slice(3)].toSorted(),
  )
  expect(found.join('\n').match(/\[as-released\]/g)).toHaveLength(5)
})

test('reports a policy that does not get the image of the signer', async () => {
  await write('mine/kustomization.yaml', stringify({ ...mine, transformers: [] }))
  const { resources } = await read('mine')
  expect(applyRules(rules, resources).map(({ message }) => message)).toEqual([
    expect.stringContaining(
      `expression of releasedImage: found "'secure-signing/signer'", shipped "'registry.example/signer:v1'". It has to be the image`,
    ),
  ])
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
  expect(await analyze('mine')).toEqual([
    'mine/json.yaml:4: [as-released]',
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
  const found = await analyze('mine')
  expect(new Set(found.map((line) => line.split(':')[0]))).toEqual(new Set([place.split(':')[0]]))
  expect(found.join()).toContain('[IST0106]')
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
    expect(await analyze('plain')).toEqual([])
    const line = await edit('plain/all.yaml', '    mode: STRICT', '    mode: DISABLE')
    await write('plain/deeper/more.yml', 'kind: Nothing\n---\na: {b: 1\n')
    expect(await analyze('plain')).toEqual([
      `${line}: [as-released]`,
      'plain/deeper/more.yml:1: [yaml]',
      expect.stringMatching(/^plain\/deeper\/more.yml:[34]: \[yaml\]$/),
    ])
  })

  test("may have a check of the tokens of the application's users, as docs/production.md has it", async () => {
    await write('plain/all.yaml', (await renderSample()).yaml)
    const users = formatResources(await readUserPolicies())
    await write('plain/users.yaml', users)
    expect(await analyze('plain')).toEqual([])
    for (const [old, replacement, rule] of [
      ['- "8080"', '- "8081"', 'allow-only'],
      ['forwardOriginalToken: true', 'fromHeaders: [{name: CALLER-token}]', 'others'],
      ['- "application"', '- "signer"', 'others'],
    ] as const) {
      await write('plain/users.yaml', users)
      await edit('plain/users.yaml', old, replacement)
      expect((await analyze('plain')).join()).toContain(`[${rule}]`)
    }
  })

  test.each([
    ['on', 'terminationGracePeriodSeconds: 30', 'hostNetwork: on', ['host-and-processes']],
    [
      'yes',
      'terminationGracePeriodSeconds: 30',
      'shareProcessNamespace: yes',
      ['host-and-processes'],
    ],
    ['no', 'runAsNonRoot: true', 'runAsNonRoot: no', ['container-rights']],
    ['octal', 'defaultMode: 292', 'defaultMode: 0444', []],
  ])('has booleans and numbers of YAML 1.1: %s', async (_, old, replacement, rules) => {
    const { yaml } = await renderSample()
    await write('plain/all.yaml', yaml)
    const place = await edit('plain/all.yaml', old, replacement)
    expect(await analyze('plain')).toEqual(rules.map((rule) => `${place}: [${rule}]`))
  })

  test('has Lists, whose items are judged at their lines', async () => {
    const { resources } = await renderSample()
    const [first, ...rest] = resources
    const list = { apiVersion: 'v1', kind: 'List', items: rest }
    await write(
      'plain/list.yaml',
      stringify({ apiVersion: 'v1', kind: 'List', items: [first, list] }),
    )
    expect(await analyze('plain')).toEqual([])
    const place = await edit('plain/list.yaml', 'mode: STRICT', 'mode: DISABLE')
    expect(await analyze('plain')).toEqual([`${place}: [as-released]`])
  })

  test('may be JSON, with a List or a stream', async () => {
    const { resources } = await renderSample()
    const [first, ...rest] = resources
    await write(
      'plain/one.json',
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [first] }),
    )
    await write('plain/many.json', rest.map((each) => JSON.stringify(each, null, '\t')).join('\n'))
    expect(await analyze('plain')).toEqual([])
    const place = await edit('plain/many.json', '"STRICT"', '"DISABLE"')
    expect(await analyze('plain')).toEqual([`${place}: [as-released]`])
  })

  test('may have the line breaks and the encoding of Windows', async () => {
    const { yaml } = await renderSample()
    const text = yaml.replace('mode: STRICT', 'mode: DISABLE')
    const line = text.slice(0, text.indexOf('mode: DISABLE')).split('\n').length
    for (const encoding of ['utf8', 'utf16le'] as const) {
      const bytes = Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`, encoding)
      await write('plain/all.yaml', bytes)
      expect(await analyze('plain')).toEqual([`plain/all.yaml:${line}: [as-released]`])
    }
  })

  test('may have fields without a value, as Helm prints them', async () => {
    const { yaml } = await renderSample()
    const empty = '      enableServiceLinks: false\n      nodeSelector:\n      initContainers: null'
    const text = yaml
      .replace('      enableServiceLinks: false', empty)
      .replaceAll(/^ {8}imagePullPolicy: .*/gm, '        envFrom:\n        command: ~')
      .replaceAll(/^metadata:$/gm, 'status:\nmetadata:\n  creationTimestamp: null\n  finalizers:')
    await write('plain/all.yaml', text)
    expect(await analyze('plain')).toEqual([])
  })

  test('says at its line what is no resource', async () => {
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n    app: yes\n'
    await write('plain/labels.yaml', `${text}...\nkind: Lost\n`)
    const { unread } = await read('plain')
    expect(unread.map(({ line }) => line)).toEqual([8, 6])
    expect(unread[1]?.message).toContain('metadata.labels.app')
  })

  test('must exist and have files that kubectl reads', async () => {
    await expect(read('absent')).rejects.toThrow('absent does not exist')
    await write('empty/notes.txt', '')
    await expect(read('empty')).rejects.toThrow('no YAML or JSON files')
    const url = 'https://example.org/all.yaml'
    await expect(readSubject(url, await makeFolder())).rejects.toThrow('does not fetch')
  })
})
