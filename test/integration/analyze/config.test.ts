// `make analyze CONFIG=…` reports mistakes in the manifests of another application with file and line.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tryRun } from '../../../tools/cli/exec.ts'
import { listPlaces, program } from '../../support/analyzed-copy.ts'
import { makeFolder } from '../../support/folder.ts'

const manifests = `apiVersion: v1
kind: ServiceAccount
metadata: {name: orders}
---
apiVersion: v1
kind: Service
metadata: {name: orders}
spec: {selector: {app: orders}, ports: [{port: 80, targetPort: 8000}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders}
spec:
  selector: {matchLabels: {app: orders}}
  template:
    metadata: {labels: {app: orders}}
    spec:
      serviceAccountName: orders
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        fsGroup: 1000
        seccompProfile: {type: RuntimeDefault}
      initContainers:
        - name: migrate
          image: registry.example/orders:latest
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      containers:
        - name: web
          image: registry.example/orders
          env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: database, key: password}}}]
          ports: [{containerPort: 8000}]
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: partners}
spec:
  selector: {matchLabels: {app: orders}}
  rules:
    - to: [{operation: {ports: ["8000"], paths: [/orders]}}]
`
const signing = `namespace: shop
resources: [manifests.yaml]
deployment: orders
container: web
port: 8000
routes: [{method: POST, path: /orders}]
egress: []
`

/** Analyzes the manifests without a cluster. Returns the places, with files relative to the folder. */
async function analyze(text: string): Promise<string[]> {
  const folder = await makeFolder()
  await writeFile(join(folder, 'manifests.yaml'), text)
  await writeFile(join(folder, 'signing.yaml'), signing)
  const env = { ...process.env, CONFIG: join(folder, 'signing.yaml'), KUBECONFIG: '/nowhere' }
  const { stdout, stderr } = await tryRun('node', [program], { cwd: folder, env })
  expect(stderr).toContain('rules of this project')
  return listPlaces(stdout)
}

test('an application that is only different has no finding', async () => {
  expect(await analyze(manifests)).toEqual([])
})

test('each mistake in the manifests is reported at its line', async () => {
  const mistakes = [
    ['name: database, key: password', 'name: hmac-key, key: key-1'],
    ['drop: [ALL]}}\n---', 'drop: [ALL], add: [NET_RAW]}}\n---'],
    ['ports: ["8000"], paths', 'paths'],
  ] as const
  const text = mistakes.reduce((all, [old, mistake]) => all.replace(old, mistake), manifests)
  const lineOf = (part: string) => text.slice(0, text.indexOf(part)).split('\n').length
  expect(await analyze(text)).toEqual([
    `manifests.yaml:${lineOf('hmac-key')}: [key-environment]`,
    `manifests.yaml:${lineOf('NET_RAW')}: [container-rights]`,
    `manifests.yaml:${lineOf('- to: [')}: [signer-policies]`,
  ])
})
