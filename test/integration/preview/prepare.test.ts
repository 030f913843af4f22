// What a preview applies of a change, and what stays as deployed.
import { beforeAll, expect, test } from 'vitest'
import type { Resource } from '../../../tools/kube/resources.ts'
import { prepareChange } from '../../../tools/verify/preview/prepare.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { applyChange, type Change } from '../../support/mistakes/mistakes.ts'
import { makeContext } from '../../support/preview/context.ts'

const pod = 'Deployment/secure-signing'
const frontend = 'spec.template.spec.containers.frontend'
let deployed: readonly Resource[]

beforeAll(async () => {
  deployed = (await renderSample()).resources
})

function prepare(...changes: Change[]) {
  const changed = changes.reduce<readonly Resource[]>(applyChange, deployed)
  const { resources, notes } = prepareChange(makeContext(deployed, changed))
  const find = (kind: string, name: string) =>
    resources.find((each) => each.kind === kind && each.metadata.name === name)
  const spec = Object(find('Deployment', 'secure-signing')?.spec).template.spec
  return { resources, notes, find, container: spec.containers[0] }
}

test('what is deployed stays as it is, without notes', () => {
  const { resources, notes } = prepare()
  expect(notes).toEqual([])
  expect(resources.map(({ kind }) => kind)).not.toContain('Namespace')
  expect(resources.map(({ kind }) => kind)).not.toContain('ValidatingAdmissionPolicy')
})

test('takes the deployed image, and says so', () => {
  const { container, notes } = prepare([
    pod,
    `${frontend}.image`,
    'registry.example/team/frontend:v2',
  ])
  expect(container.image).toBe('registry.example/team/frontend:0123456789ab')
  expect(notes).toEqual([
    'Deployment/secure-signing container frontend: image stays as deployed: registry.example/team/frontend:v2 → registry.example/team/frontend:0123456789ab',
  ])
})

test('takes variables of our containers, and none that could load code', () => {
  const { container, notes } = prepare(
    [pod, `${frontend}.env.+`, { name: 'NODE_OPTIONS', value: '--import=data:text/javascript,x' }],
    [pod, `${frontend}.env.+`, { name: 'FRONTEND_SHUTDOWN_DELAY_MS', value: '1' }],
  )
  const names = container.env.map(({ name }: { name: string }) => name)
  expect(names).not.toContain('NODE_OPTIONS')
  expect(names).toContain('FRONTEND_SHUTDOWN_DELAY_MS')
  expect(notes).toEqual([expect.stringContaining('its own variables stay as deployed')])
})

test('leaves out annotations on which other tools act, but not the one that makes Istio only log', () => {
  const { find } = prepare(
    [
      'Service/frontend',
      'metadata.annotations',
      { 'external-dns.example/hostname': 'live.example' },
    ],
    [
      'AuthorizationPolicy/signer-allow-nothing',
      'metadata.annotations',
      { 'istio.io/dry-run': 'true', 'a.example/b': 'c' },
    ],
  )
  expect(find('Service', 'frontend')?.metadata.annotations).toBeUndefined()
  expect(find('AuthorizationPolicy', 'signer-allow-nothing')?.metadata.annotations).toEqual({
    'istio.io/dry-run': 'true',
  })
})

test('keeps the text of a ConfigMap, which may be code', () => {
  const map = {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { 'run.sh': 'evil' } },
    metadata: { name: 'signer-freeze', namespace: 'signing' },
  }
  const { find, notes } = prepare(['+', '', map])
  expect(find('ConfigMap', 'signer-freeze')?.data).toEqual({})
  expect(notes).toEqual(['ConfigMap/signer-freeze stays as deployed, because its text may be code'])
})

test('runs one Pod, and no workload without a signer', () => {
  const worker = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', spec: {} },
    metadata: { name: 'worker', namespace: 'signing' },
  }
  const { resources, find, notes } = prepare(['+', '', worker], [pod, 'spec.replicas', 5])
  expect(resources.filter(({ kind }) => kind === 'Deployment')).toHaveLength(1)
  expect(find('Deployment', 'secure-signing')?.spec).toMatchObject({ replicas: 1 })
  expect(notes).toEqual(['Deployment/worker is left out: it has no signer'])
})
