// A namespace that a person made with `kubectl apply` keeps its labels and annotations when the signer moves in.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { applyRendering } from '../../../tools/deploy/apply/apply.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { startBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { renderKnown } from '../../support/api-server/sample.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const theirs = (labels: object) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: namespace, labels, annotations: { 'billing.example/contact': 'ada' } },
})

beforeAll(async () => {
  const server = await startBareApiServer()
  vi.stubEnv('KUBECONFIG', server.kubeconfig)
})
afterAll(() => vi.unstubAllEnvs())

const applyTheirs = (labels: object) =>
  kubectl(['apply', '-f', '-'], { input: JSON.stringify(theirs(labels)) })
const readMetadata = async () =>
  JSON.parse(await kubectl(['get', 'namespace', namespace, '-o', 'json'])).metadata

test('its labels and annotations stay', needsLocalPrograms, async () => {
  const rendering = await renderKnown([], /^Namespace$/)
  await applyTheirs({ team: 'billing', 'istio-injection': 'enabled' })
  await applyRendering(rendering)
  const kept = { team: 'billing', 'istio-injection': 'enabled' }
  const enforced = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  const annotations = { 'billing.example/contact': 'ada' }
  expect(await readMetadata()).toMatchObject({ labels: { ...kept, ...enforced }, annotations })
  expect(await applyRendering(rendering)).toEqual([])
  // They apply it again, with another label.
  await applyTheirs({ team: 'sales', 'istio-injection': 'enabled' })
  await applyRendering(rendering)
  expect(await readMetadata()).toMatchObject({
    labels: { team: 'sales', ...enforced },
    annotations,
  })
})
