// Policies of somebody else that are older than ours. Istio uses the oldest of several.

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyResource, kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { runMake } from '../support/cluster/make.ts'
import { needsLocalCluster } from '../support/skips.ts'

/** The API server's timestamps have seconds. */
const olderMs = 1_500
const ours = ['signer-require-mtls']
const remove = (...names: string[]) =>
  kubectl(['delete', 'peerauthentication', ...names, '-n', namespace, '--ignore-not-found'])

/** Creates a PERMISSIVE policy that is older than ours. */
async function createOlder(name: string, spec: object): Promise<void> {
  await remove(...ours)
  await applyResource(
    {
      ...{ apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication' },
      ...{ metadata: { name, namespace }, spec: { ...spec, mtls: { mode: 'PERMISSIVE' } } },
    },
    { manager: 'test' },
  )
  await sleep(olderMs)
}

describe('an older PERMISSIVE PeerAuthentication', needsLocalCluster, () => {
  let deployed: Awaited<ReturnType<typeof runMake>>
  beforeAll(async () => {
    await createOlder('default', {})
    deployed = await runMake('deploy')
  })
  afterAll(async () => {
    await remove('default', 'open-pods')
    const { code, said } = await runMake('deploy')
    expect(code, said).toBe(0)
  })

  test('for the namespace is noted, and our Pods stay STRICT', async () => {
    expect(deployed.code, deployed.said).toBe(0)
    expect(deployed.said).toContain('note  PeerAuthentication signing/default: mTLS PERMISSIVE')
    const { code, said } = await runMake('matrix')
    expect(code, said).toBe(0)
    expect(said).toContain('0 unauthorized signatures')
  })

  test('for the namespace opens our Pods without the policy that selects them', async () => {
    await remove('signer-require-mtls')
    const { code, said } = await runMake('matrix')
    expect(code, said).not.toBe(0)
    expect(said).toContain('signer-require-mtls is not on the cluster')
  })

  test('that selects our Pods stops make deploy, and make analyze LIVE=yes reports it', async () => {
    await createOlder('open-pods', { selector: { matchLabels: { app: 'secure-signing' } } })
    const { code, said } = await runMake('deploy')
    expect(code, said).not.toBe(0)
    expect(said).toContain(
      'PeerAuthentication signing/open-pods: mTLS PERMISSIVE accepts plain text',
    )
    expect(said).toContain('nothing was changed')
    const found = await runMake('analyze', 'LIVE=yes')
    expect(found.code).not.toBe(0)
    expect(found.said).toContain('[breaks] PeerAuthentication signing/open-pods: ')
    expect(found.said).toContain(
      '[breaks] PeerAuthentication signing/signer-require-mtls: it is not on the cluster',
    )
  })
})
