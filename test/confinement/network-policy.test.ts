// The component network-policy, enforced by kube-router: each refused connection has an allowed counterpart.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../tools/kube/names.ts'
import { type Container, callIn, probeFrom } from '../../tools/verify/attack/containers.ts'
import type { Outcome } from '../../tools/verify/attack/probe.ts'
import { readStatus, writeRequest } from '../../tools/verify/attack/requests.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { CONFIG_MS, CONNECT_MS, PODS_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import {
  nonMeshPod,
  otherNamespacePod,
  setup,
  TARGET_IN_MESH,
} from '../support/attack/attackers.ts'
import { composeIdlePod } from '../support/idle-pod.ts'
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts'
import { processMessage } from '../support/process-message.ts'
import { needsLocalCluster } from '../support/skips.ts'
import { COMPILE_MS } from '../support/timeouts.ts'

const component = join(CHECKOUT, 'k8s/components/network-policy')
const ports = [8080, 8081, 15006, 15020, 15021]

const name = (where: string, pod: string): Container => ({
  namespace: where,
  pod,
  container: 'attacker',
})
/** In our namespace and in no mesh, so only the network refuses its connections. */
const unmeshed = name(namespace, 'test-unmeshed')
/** The same, with the label by which the policies select. */
const labelled = name(namespace, 'test-labelled')
/** Has the namespace and label by which the policy knows the gateway. */
const asGateway = name('istio-system', 'test-as-gateway')

describe('with the component network-policy', needsLocalCluster, () => {
  let engine: PolicyEngine
  let podIP: string
  let out: Record<'istiod' | 'dns' | 'monitoring' | 'api', string>
  let before: { in: string[]; out: string[]; inMesh: number | undefined }
  const all = () => ports.map((port) => `${podIP}:${port}`)

  beforeAll(async () => {
    // Another test file can have replaced the Pod whose address the attack Pods have.
    await setup()
    const { podIP: address, nodeImage } = await findTarget()
    podIP = address
    await Promise.all([
      start(unmeshed, nodeImage),
      start(labelled, nodeImage, { 'secure-signing.dev/protected': 'true' }),
      start(asGateway, nodeImage, { istio: 'ingressgateway' }),
    ])
    out = await findWaysOut()
    engine = await startPolicyEngine()
    before = {
      in: await reach(nonMeshPod, all()),
      out: await reach(labelled, Object.values(out)),
      inMesh: await askInMesh(),
    }
    await kubectl(['apply', '-k', component])
    await waitFor(
      async () => (await reach(nonMeshPod, all())).length === 0 || undefined,
      CONFIG_MS,
      () => 'the policies are not enforced',
    )
  }, COMPILE_MS)
  afterAll(async () => {
    await kubectl(['delete', '-k', component, '--ignore-not-found'])
    await Promise.all([unmeshed, labelled, asGateway].map(takeAway))
    await engine.stop()
    // The Pod was replaced, and the attack Pods must reach it again.
    await setup()
  })

  test('only the gateway reaches a port of the Pod, without the policy all reached every port', async () => {
    expect(before.in).toEqual(all())
    expect(await reach(nonMeshPod, all())).toEqual([])
    expect(await reach(unmeshed, all())).toEqual([])
    expect(await reach(asGateway, all())).toEqual([`${podIP}:8080`])
  })

  test('a mesh Pod in another namespace does not even reach the proxy', async () => {
    expect(before.inMesh).toBe(403)
    expect(await askInMesh()).not.toBe(403)
  })

  test('a protected Pod reaches DNS and istiod’s one port, and not the API server', async () => {
    expect(before.out).toEqual(Object.values(out))
    expect(await reach(labelled, Object.values(out))).toEqual([out.istiod, out.dns])
  })

  test('other Pods of the namespace reach what they reached before', async () => {
    expect(await reach(unmeshed, Object.values(out))).toEqual(Object.values(out))
  })

  test.each([
    'secure-signing.dev/scrapes',
    'secure-signing/scrapes', // the name of version 0.1
  ])('a namespace with the label %s may scrape metrics', async (name) => {
    const label = ['label', 'namespace', nonMeshPod.namespace]
    await kubectl([...label, `${name}=true`])
    try {
      const reached = await waitFor(
        async () => {
          const found = await reach(nonMeshPod, all())
          return found.length > 0 ? found : undefined
        },
        CONFIG_MS,
        () => 'the label opens nothing',
      )
      expect(reached).toEqual([8080, 8081, 15020].map((port) => `${podIP}:${port}`))
    } finally {
      await kubectl([...label, `${name}-`])
      await waitFor(
        async () => (await reach(nonMeshPod, all())).length === 0 || undefined,
        CONFIG_MS,
        () => 'without the label, the metrics stay open',
      )
    }
  })

  test('a new Pod becomes ready, and a public client gets a signature', async () => {
    const target = [`deployment/${deployment}`, '-n', namespace]
    await kubectl(['rollout', 'restart', ...target])
    await kubectl(['rollout', 'status', ...target], { timeoutMs: PODS_MS })
    const old = podIP
    podIP = (await findTarget()).podIP
    expect(podIP).not.toBe(old)
    const gatewayUrl = { url: process.env.GATEWAY_URL ?? '' }
    await processMessage(gatewayUrl, 'hello', { waitMs: CONFIG_MS, ca: undefined })
    expect(await reach(nonMeshPod, all())).toEqual([])
  })
})

async function findWaysOut() {
  const find = async (what: string, where: string) =>
    kubectl(['get', 'service', what, '-n', where, '-o', 'jsonpath={.spec.clusterIP}'])
  const istiod = await find('istiod', 'istio-system')
  return {
    istiod: `${istiod}:15012`,
    dns: `${await find('kube-dns', 'kube-system')}:53`,
    monitoring: `${istiod}:15014`,
    api: `${await find('kubernetes', 'default')}:443`,
  }
}

/** Returns the places ("host:port") that accept a connection from `origin`. */
async function reach(origin: Container, places: readonly string[]): Promise<string[]> {
  const probes = places.map((place) => {
    const [host = '', port] = place.split(':')
    return { host, port: Number(port), bytes: writeRequest() }
  })
  const call = `(probes) => runProbes(probes, ${CONNECT_MS})`
  const outcomes = await callIn<Outcome[]>(origin, 'tools/verify/attack/probe.ts', call, probes)
  return places.filter((_, index) => outcomes[index]?.connected)
}

/** Returns the status that another mesh Pod gets from the proxy. */
async function askInMesh(): Promise<number | undefined> {
  const bytes = writeRequest({ method: 'GET', path: '/' })
  const [outcome] = await probeFrom(otherNamespacePod, [
    { host: TARGET_IN_MESH, port: 8080, bytes },
  ])
  return readStatus(outcome?.received ?? '')
}

async function start(target: Container, image: string, labels = {}) {
  await takeAway(target)
  const pod = composeIdlePod(target, image, labels)
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(pod) })
  const ready = ['--for=condition=Ready', `--timeout=${PODS_MS}ms`]
  await kubectl(['wait', `pod/${target.pod}`, '-n', target.namespace, ...ready], {
    timeoutMs: PODS_MS,
  })
}

async function takeAway({ namespace: where, pod }: Container): Promise<void> {
  await kubectl(['delete', 'pod', pod, '-n', where, '--grace-period=0', '--ignore-not-found'])
}
