// A Secret that another tool restores, and an immutable Secret that is created again.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { tryRun } from '../../tools/cli/exec.ts'
import { readKeySecret } from '../../tools/deploy/keys/key-secret.ts'
import { applyResource, kubectl } from '../../tools/kube/kubectl.ts'
import { deployment, keySecret, namespace } from '../../tools/kube/names.ts'
import { readCounter } from '../../tools/verify/attack/counters.ts'
import { findTarget } from '../../tools/verify/attack/target.ts'
import { deleteSecret, saveSecret } from '../../tools/verify/faults/support/key-secret.ts'
import { ROLLOUT_MS } from '../../tools/verify/faults/support/timeouts.ts'
import { waitForLine } from '../support/cluster/container-log.ts'
import { needsLocalCluster } from '../support/skips.ts'

const here = ['-n', namespace]
const pods = ['pods', ...here, '-l', `app=${deployment}`]
const wait = { timeoutMs: ROLLOUT_MS }

const make = (...args: string[]) => tryRun('make', args, { cwd: CHECKOUT, ...wait })

async function restart(): Promise<void> {
  await kubectl(['rollout', 'restart', `deployment/${deployment}`, ...here])
  await kubectl(['rollout', 'status', `deployment/${deployment}`, ...here], wait)
  // The old Pod must be gone, or it may answer.
  const names = await kubectl([
    'get',
    ...pods,
    '-o',
    'jsonpath={.items[?(@.metadata.deletionTimestamp)].metadata.name}',
  ])
  for (const name of names.split(' ').filter(Boolean)) {
    await kubectl(['wait', 'pod', name, ...here, '--for=delete', '--timeout=120s'], wait)
  }
}

async function stopAndStart(): Promise<void> {
  await kubectl(['scale', `deployment/${deployment}`, ...here, '--replicas=0'])
  await kubectl(['wait', ...pods, '--for=delete', '--timeout=120s'], wait)
  await kubectl(['scale', `deployment/${deployment}`, ...here, '--replicas=1'])
  await kubectl(['rollout', 'status', `deployment/${deployment}`, ...here], wait)
}

async function createImmutable(bytes: Buffer): Promise<void> {
  const metadata = { name: keySecret, namespace }
  const data = { 'key-1': bytes.toString('base64') }
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, data, immutable: true }
  await kubectl(['create', '-f', '-'], { input: JSON.stringify(secret) })
}

describe('a Secret', needsLocalCluster, () => {
  let putBack: () => Promise<void>

  beforeAll(async () => {
    putBack = await saveSecret()
  })
  afterAll(async () => {
    await deleteSecret()
    await putBack()
    await stopAndStart()
    expect(await make('smoke')).toMatchObject({ code: 0 })
  })

  test('that another tool restores brings a retired key back, which log, metric and commands report', async () => {
    const before = (await readKeySecret()).data
    const { stdout } = await make('rotate-key', 'OVERLAP=0s')
    const [, id = ''] = /^(.*) is retired/m.exec(stdout) ?? []
    const start = new Date()
    const metadata = { name: keySecret, namespace }
    const data = { [id]: before[id] }
    const options = ['--force-conflicts']
    const restored = { apiVersion: 'v1', kind: 'Secret', metadata, data }
    await applyResource(restored, { manager: 'kustomize-controller', options })
    const line = await waitForLine('signer', /"event":"retired_key_returned"/, start)
    expect(JSON.parse(line)).toMatchObject({ level: 'error', key_id: id })
    expect(await readCounter(await findTarget(), 'signer_returned_keys', `key_id="${id}"`)).toBe(1)
    const smoke = await make('smoke')
    expect(smoke.code).not.toBe(0)
    expect(smoke.stderr).toContain(`${id} was retired, and is in the Secret hmac-key again`)
    expect(smoke.stderr).toContain('The field manager kustomize-controller wrote it at 20')
    expect((await make('rotate-key')).stderr).toContain('is written by Flux')
  })

  test('that is immutable, and is created again, reaches the Pods only once all of them were stopped', async () => {
    await deleteSecret()
    await createImmutable(randomBytes(32))
    await stopAndStart()
    const first = await make('smoke')
    expect(first.stdout).toContain("equal to OpenSSL's HMAC")
    expect(first.stderr).toContain('the Secret hmac-key is immutable')
    await deleteSecret()
    await createImmutable(randomBytes(32))
    await restart()
    const second = await make('smoke')
    expect(second.code).not.toBe(0)
    expect(second.stderr).toContain('the Pods hold other key bytes than the Secret')
    expect(second.stderr).toContain('A rolling restart does not help')
    expect((await make('rotate-key')).stderr).toContain('is immutable, so no key can be added')
    await stopAndStart()
    expect((await make('smoke')).stdout).toContain("equal to OpenSSL's HMAC")
  })
})
