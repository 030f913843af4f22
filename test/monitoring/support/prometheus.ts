// A real Prometheus on the local cluster, made by its operator, with kube-state-metrics beside it.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Container } from '../../../tools/verify/attack/containers.ts'
import { findTarget } from '../../../tools/verify/attack/target.ts'
import { installCrds } from '../../../tools/verify/faults/support/crds.ts'
import { OWN_PODS_MS } from '../../support/timeouts.ts'

export const namespace = 'signing-monitoring'
/** A Pod with the ServiceAccount that may scrape. */
export const prometheusAccountPod: Container = {
  namespace,
  pod: 'prometheus-account',
  container: 'attacker',
}
export const account = `${namespace}/prometheus`
const stateConfig = 'k8s/monitoring/custom-resource-state.yaml'
const page = 'docs/observability.md'
const clusterRoles = ['prometheus', 'prometheus-operator', 'kube-state-metrics'].map(
  (name) => `${namespace}-${name}`,
)
const now = ['--ignore-not-found', `--timeout=${OWN_PODS_MS}ms`]

/**
 * Starts Prometheus with the operator's kinds in `folder` and the programs in `image`. `prepare` runs when the kinds are there.
 * Returns what removes it.
 */
export async function startPrometheus(
  image: string,
  folder: string,
  prepare: () => Promise<void>,
): Promise<() => Promise<void>> {
  await takeAway()
  const crds = (await readdir(folder)).filter((name) => name.endsWith('.yaml'))
  const removeCrds = await installCrds(crds.map((name) => join(folder, name)))
  const stop = async () => {
    await takeAway()
    await removeCrds()
  }
  await prepare()
    .then(() => bringUp(image))
    .catch(async (error) => {
      await stop()
      throw error
    })
  return stop
}

async function bringUp(image: string): Promise<void> {
  const read = (file: string) => readFile(join(CHECKOUT, file), 'utf8')
  const text = (await read('test/monitoring/support/monitoring.yaml'))
    .replaceAll('NAMESPACE', namespace)
    .replaceAll('IMAGE', image)
    .replaceAll('FRONTEND', (await findTarget()).nodeImage)
  // What the page has a Prometheus be given.
  const [, block = ''] = /```yaml\n(.*?)```/s.exec(await read(page)) ?? []
  const wanted = parse(block)
  const config = {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-state-metrics', namespace } },
    data: { 'custom-resource-state.yaml': await read(stateConfig) },
  }
  const { items, ...list } = parse(text)
  const given = items.map((each: Resource) =>
    each.kind === 'Prometheus' ? { ...each, spec: { ...Object(each.spec), ...wanted } } : each,
  )
  const [first, ...rest] = given
  const input = JSON.stringify({ ...list, items: [first, config, ...rest] })
  await kubectl(['create', '-f', '-'], { input })
  // The operator makes the Pod.
  const ready = ['wait', '-n', namespace, '--for=condition=Ready', `--timeout=${OWN_PODS_MS}ms`]
  const pods = ['prometheus-operator', 'kube-state-metrics', 'prometheus-account'].map(
    (name) => `pod/${name}`,
  )
  await kubectl([...ready, ...pods], { timeoutMs: OWN_PODS_MS })
  await kubectl(
    [
      'wait',
      '-n',
      namespace,
      '--for=create',
      'pod/prometheus-test-0',
      `--timeout=${OWN_PODS_MS}ms`,
    ],
    { timeoutMs: OWN_PODS_MS },
  )
  await kubectl([...ready, 'pod/prometheus-test-0'], { timeoutMs: OWN_PODS_MS })
}

async function takeAway(): Promise<void> {
  await kubectl(['delete', 'namespace', namespace, ...now], { timeoutMs: OWN_PODS_MS })
  for (const kind of ['clusterrolebinding', 'clusterrole']) {
    await kubectl(['delete', kind, ...clusterRoles, ...now])
  }
}
