// Starts and removes the Pods that attack. Each run has its own names and its own address, so that runs do not collide.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { readVariable } from '../../cli/make-variables.ts'
import { atPace } from '../../cli/pace.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { accountOf, sharesPod } from '../../kube/layouts.ts'
import { namespace, port } from '../../kube/names.ts'
import { type Resource, resourceSchema } from '../../kube/resources.ts'
import { findInjector } from '../../kube/sidecar-injector.ts'
import { type Container, probeFrom } from './containers.ts'
import type { Outcome } from './probe.ts'
import { readStatus, writeRequest } from './requests.ts'
import type { Target } from './target.ts'
import { CONFIG_MS, PODS_MS } from './timeouts.ts'
import { waitFor } from './wait.ts'
import { waitForPod } from './wait-for-pod.ts'

const listSchema = z.looseObject({ items: z.array(resourceSchema) })

export type AttackPods = {
  run: string
  /** The address by which mesh Pods reach the target's Pods. Nothing else has it. */
  targetInMesh: string
  otherAccountPod: Container
  sameAccountPod: Container
  /** With the signer's ServiceAccount. Exists only if the signer has its own. */
  signerAccountPod: Container
  otherNamespacePod: Container
  nonMeshPod: Container
}

/** `address`: one of 192.0.2.0/24, which is reserved for documentation (RFC 5737). `attacked`: the namespace. */
export function nameAttackPods(run: string, address: string, attacked = namespace): AttackPods {
  const name = (where: string, pod: string): Container => ({
    namespace: where,
    pod,
    container: 'attacker',
  })
  return {
    run,
    targetInMesh: address,
    otherAccountPod: name(attacked, `${run}-other-account`),
    sameAccountPod: name(attacked, `${run}-same-account`),
    signerAccountPod: name(attacked, `${run}-signer-account`),
    otherNamespacePod: name(`${attacked}-${run}-other`, 'other-namespace'),
    nonMeshPod: name(`${attacked}-${run}-non-mesh`, 'non-mesh'),
  }
}

/** Starts the Pods, after removing what an interrupted run has left. */
export async function bringUp(pods: AttackPods, target: Target): Promise<void> {
  await takeAway(pods)
  const { otherAccountPod, sameAccountPod, signerAccountPod, otherNamespacePod, nonMeshPod } = pods
  const inMesh = [
    otherAccountPod,
    sameAccountPod,
    otherNamespacePod,
    ...(sharesPod(target.layout) ? [] : [signerAccountPod]),
  ]
  await apply(await readResources(pods, target))
  await Promise.all([...inMesh, nonMeshPod].map((each) => waitForPod(each, target.nodeImage)))
  await Promise.all(inMesh.map((from) => waitForRoute(from, pods)))
}

export async function takeAway(pods: AttackPods): Promise<void> {
  const { otherAccountPod, sameAccountPod, signerAccountPod, otherNamespacePod, nonMeshPod } = pods
  const now = ['--ignore-not-found', '--grace-period=0', `--timeout=${atPace(PODS_MS)}ms`]
  const options = { timeoutMs: PODS_MS }
  const ours = [
    ...[otherAccountPod, sameAccountPod, signerAccountPod].map(({ pod }) => `pod/${pod}`),
    `serviceaccount/${otherAccountPod.pod}`,
    `sidecars.networking.istio.io/${pods.run}-attackers`,
  ]
  await Promise.all([
    kubectl(
      ['delete', 'namespace', otherNamespacePod.namespace, nonMeshPod.namespace, ...now],
      options,
    ),
    kubectl(['delete', ...ours, '-n', otherAccountPod.namespace, ...now], options),
  ])
}

async function apply(resources: unknown): Promise<void> {
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(resources) })
}

async function readResources({ run, targetInMesh, signerAccountPod }: AttackPods, target: Target) {
  const { layout, nodeImage, pullSecrets, podIP, signerIP } = target
  const attacked = signerAccountPod.namespace
  const file = join(import.meta.dirname, 'attackers.yaml')
  const { label } = await findInjector(readVariable('ISTIO_REVISION'))
  const yaml = (await readFile(file, 'utf8'))
    .replaceAll('REVISION', label)
    .replaceAll('IMAGE', nodeImage)
    .replaceAll('POD_IP', podIP)
    .replaceAll('SIGNER_IP', signerIP)
    .replaceAll('FRONTEND_ACCOUNT', accountOf(layout.frontend))
    .replaceAll('SIGNER_ACCOUNT', accountOf(layout.signer))
    .replaceAll('APPLICATION_PORT', String(port))
    .replaceAll('TARGET_NAMESPACE', attacked)
    .replaceAll('RUN', run)
    .replaceAll('ADDRESS', targetInMesh)
  const list = listSchema.parse(parse(yaml, { merge: true }))
  const isIn = ({ metadata }: Resource) =>
    !sharesPod(layout) || metadata.name !== signerAccountPod.pod
  return { ...list, items: list.items.filter(isIn).map(withPullSecrets) }

  /** The Secrets exist in the namespace of the target. A cluster may need none. */
  function withPullSecrets(each: Resource): Resource {
    if (each.kind !== 'Pod' || each.metadata.namespace !== attacked) return each
    return { ...each, spec: { ...Object(each.spec), imagePullSecrets: pullSecrets } }
  }
}

/** Waits until the proxy of `from` has the new ServiceEntry. Before that, a refusal proves nothing. */
export async function waitForRoute(
  from: Container,
  { targetInMesh }: Pick<AttackPods, 'targetInMesh'>,
): Promise<void> {
  const bytes = writeRequest({ method: 'GET', path: '/' })
  const probes = [port, 8081].map((each) => ({ host: targetInMesh, port: each, bytes }))
  let outcomes: Outcome[] = []
  await waitFor(
    async () => {
      outcomes = await probeFrom(from, probes)
      return outcomes.every(({ received }) => readStatus(received) !== undefined) || undefined
    },
    CONFIG_MS,
    () => `${from.pod} cannot reach the target: ${JSON.stringify(outcomes)}`,
  )
}
