// Pods to attack from, brought up and taken away. Each run has names and an address of its own, so that two don't meet.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { kubectl } from '../../kube/kubectl.ts'
import { sharesPod } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'
import { type Resource, resourceSchema } from '../../kube/resources.ts'
import { type Container, probeFrom } from './containers.ts'
import type { Outcome } from './probe.ts'
import { readStatus, writeRequest } from './requests.ts'
import { CONFIG_MS, PODS_MS } from './timeouts.ts'
import type { Victim } from './victim.ts'
import { waitFor } from './wait.ts'

const listSchema = z.looseObject({ items: z.array(resourceSchema) })

export type AttackPods = {
  run: string
  /** The victim's Pods for those who are in the mesh; an address that nothing else has. */
  victimInMesh: string
  lookAlike: Container
  /** With the frontend's ServiceAccount. */
  twin: Container
  /** With the signer's; only where that is another. */
  impostor: Container
  stranger: Container
  outsider: Container
}

/** `address` is one of 192.0.2.0/24, which is for documentation (RFC 5737). */
export function nameAttackPods(run: string, address: string): AttackPods {
  const name = (where: string, pod: string): Container => ({
    namespace: where,
    pod,
    container: 'attacker',
  })
  return {
    run,
    victimInMesh: address,
    lookAlike: name(namespace, `${run}-look-alike`),
    twin: name(namespace, `${run}-twin`),
    impostor: name(namespace, `${run}-impostor`),
    stranger: name(`signing-${run}-stranger`, 'stranger'),
    outsider: name(`signing-${run}-outside`, 'outsider'),
  }
}

/** Brings them up, after taking away what an interrupted run has left. */
export async function bringUp(pods: AttackPods, victim: Victim): Promise<void> {
  await takeAway(pods)
  const { lookAlike, twin, impostor, stranger, outsider } = pods
  const inMesh = [lookAlike, twin, stranger, ...(sharesPod(victim.layout) ? [] : [impostor])]
  await apply(await readResources(pods, victim))
  await Promise.all(
    [...inMesh, outsider].map(({ namespace: where, pod }) =>
      kubectl(
        ['wait', `pod/${pod}`, '-n', where, '--for=condition=Ready', `--timeout=${PODS_MS}ms`],
        { timeoutMs: PODS_MS },
      ),
    ),
  )
  await Promise.all(inMesh.map((from) => waitForTheWay(from, pods)))
}

/** Removes every trace of them. */
export async function takeAway(pods: AttackPods): Promise<void> {
  const { lookAlike, twin, impostor, stranger, outsider } = pods
  const now = ['--ignore-not-found', '--grace-period=0', `--timeout=${PODS_MS}ms`]
  const options = { timeoutMs: PODS_MS }
  const ours = [
    ...[lookAlike, twin, impostor].map(({ pod }) => `pod/${pod}`),
    `serviceaccount/${lookAlike.pod}`,
  ]
  await Promise.all([
    kubectl(['delete', 'namespace', stranger.namespace, outsider.namespace, ...now], options),
    kubectl(['delete', ...ours, '-n', namespace, ...now], options),
  ])
}

async function apply(resources: unknown): Promise<void> {
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(resources) })
}

async function readResources({ run, victimInMesh, impostor }: AttackPods, victim: Victim) {
  const { layout, frontendImage, podIP, signerIP } = victim
  const file = join(import.meta.dirname, 'attackers.yaml')
  const revision = await kubectl([
    ...['get', 'namespace', namespace, '-o', String.raw`jsonpath={.metadata.labels.istio\.io/rev}`],
  ])
  const yaml = (await readFile(file, 'utf8'))
    .replaceAll('REVISION', revision)
    .replaceAll('IMAGE', frontendImage)
    .replaceAll('POD_IP', podIP)
    .replaceAll('SIGNER_IP', signerIP)
    .replaceAll('FRONTEND_ACCOUNT', layout.frontend)
    .replaceAll('SIGNER_ACCOUNT', layout.signer)
    .replaceAll('RUN', run)
    .replaceAll('ADDRESS', victimInMesh)
  const list = listSchema.parse(parse(yaml, { merge: true }))
  const isIn = ({ metadata }: Resource) => !sharesPod(layout) || metadata.name !== impostor.pod
  return { ...list, items: list.items.filter(isIn) }
}

/** A new ServiceEntry takes a moment to reach a proxy; until then nothing that is refused would mean anything. */
async function waitForTheWay(from: Container, { victimInMesh }: AttackPods): Promise<void> {
  const bytes = writeRequest({ method: 'GET', path: '/' })
  const probes = [8080, 8081].map((port) => ({ host: victimInMesh, port, bytes }))
  let outcomes: Outcome[] = []
  await waitFor(
    async () => {
      outcomes = await probeFrom(from, probes)
      return outcomes.every(({ received }) => readStatus(received) !== undefined) || undefined
    },
    CONFIG_MS,
    () => `${from.pod} does not get through to the victim: ${JSON.stringify(outcomes)}`,
  )
}
