// Brings the attackers' Pods up before the policy tests and takes them away after; what an interrupted run has left
// goes first. Without a cluster there is nothing to attack: then it says what to do.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { kubectl } from '../../../deploy/kubectl.ts'
import { namespace } from '../../../deploy/names.ts'
import { type Container, probeFrom } from './containers.ts'
import { readStatus, writeRequest } from './requests.ts'
import { CONFIG_MS, PODS_MS, POLL_MS } from './timeouts.ts'
import { findVictim, type Victim } from './victim.ts'

export const lookAlike: Container = { namespace, pod: 'look-alike', container: 'attacker' }
export const twin: Container = { namespace, pod: 'twin', container: 'attacker' }
export const stranger: Container = {
  namespace: 'signing-test-stranger',
  pod: 'stranger',
  container: 'attacker',
}
export const outsider: Container = {
  namespace: 'signing-test-outside',
  pod: 'outsider',
  container: 'attacker',
}
/** Where the victim's ports are for those who are in the mesh, see attackers.yaml. */
export const VICTIM_IN_MESH = '192.0.2.66'
export const SIGNER_IN_MESH = { host: VICTIM_IN_MESH, port: 8081 }

/** vitest's globalSetup. */
export async function setup(): Promise<void> {
  const victim = await findVictim()
  await teardown()
  await kubectl(['apply', '-f', '-'], { input: JSON.stringify(await listResources(victim)) })
  await Promise.all(
    [lookAlike, twin, stranger, outsider].map(({ namespace: where, pod }) =>
      kubectl(
        ['wait', `pod/${pod}`, '-n', where, '--for=condition=Ready', `--timeout=${PODS_MS}ms`],
        { timeoutMs: PODS_MS },
      ),
    ),
  )
  await Promise.all([lookAlike, twin, stranger].map(waitForTheWay))
}

/** vitest's globalSetup, too. */
export async function teardown(): Promise<void> {
  const now = ['--ignore-not-found', '--grace-period=0', `--timeout=${PODS_MS}ms`]
  const options = { timeoutMs: PODS_MS }
  await Promise.all([
    kubectl(['delete', 'namespace', stranger.namespace, outsider.namespace, ...now], options),
    kubectl(
      [
        'delete',
        'pod/look-alike',
        'pod/twin',
        'serviceaccount/look-alike',
        '-n',
        namespace,
        ...now,
      ],
      options,
    ),
  ])
}

async function listResources({ frontendImage, podIP }: Victim) {
  const file = join(import.meta.dirname, 'attackers.yaml')
  const revision = await kubectl([
    ...['get', 'namespace', namespace, '-o', String.raw`jsonpath={.metadata.labels.istio\.io/rev}`],
  ])
  const yaml = (await readFile(file, 'utf8'))
    .replaceAll('REVISION', revision)
    .replaceAll('IMAGE', frontendImage)
    .replaceAll('POD_IP', podIP)
  return parse(yaml, { merge: true })
}

/** A new ServiceEntry takes a moment to reach a proxy; until then nothing that is refused would mean anything. */
async function waitForTheWay(attacker: Container): Promise<void> {
  const deadline = Date.now() + CONFIG_MS
  const bytes = writeRequest({ method: 'GET', path: '/' })
  for (;;) {
    const outcomes = await probeFrom(
      attacker,
      [8080, 8081].map((port) => ({ host: VICTIM_IN_MESH, port, bytes })),
    )
    if (outcomes.every(({ received }) => readStatus(received) !== undefined)) return
    if (Date.now() > deadline) {
      throw new Error(
        `${attacker.pod} does not get through to the victim: ${JSON.stringify(outcomes)}`,
      )
    }
    await sleep(POLL_MS)
  }
}
