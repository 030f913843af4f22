// Policies of somebody else that are older than ours. Istio uses the oldest of several.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { type RunResult, tryRun } from '../../tools/cli/exec.ts'
import { defaultPrefix } from '../../tools/images/image-references.ts'
import { applyResource, kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { runDeploy } from '../support/run-deploy.ts'
import { needsLocalCluster } from '../support/skips.ts'

/** The API server's timestamps have seconds. */
const olderMs = 1_500
const kubeconfig = process.env.KUBECONFIG ?? ''
const ours = ['require-mtls', 'require-mtls-of-pods']
const remove = (...names: string[]) =>
  kubectl(['delete', 'peerauthentication', ...names, '-n', namespace, '--ignore-not-found'])

/** Runs a program of make. */
function run(program: string, variables = {}): Promise<RunResult> {
  const env = { ...process.env, IMAGE_PREFIX: defaultPrefix, ...variables }
  return tryRun('node', [join(CHECKOUT, program)], { env, timeoutMs: 120_000 })
}

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
  let deployed: Awaited<ReturnType<typeof runDeploy>>
  beforeAll(async () => {
    await createOlder('default', {})
    deployed = await runDeploy(kubeconfig)
  })
  afterAll(async () => {
    await remove('default', 'open-pods')
    expect(await runDeploy(kubeconfig)).toMatchObject({ code: 0 })
  })

  test('for the namespace is noted, and our Pods stay STRICT', async () => {
    expect(deployed).toMatchObject({ code: 0 })
    expect(deployed.said).toContain('note  PeerAuthentication signing/default: mTLS PERMISSIVE')
    const { code, stdout } = await run('tools/verify/matrix/matrix.ts')
    expect({ code, stdout }).toMatchObject({ code: 0 })
    expect(stdout).toContain('0 unauthorized signatures')
  })

  test('for the namespace opens our Pods without the policy that selects them', async () => {
    await remove('require-mtls-of-pods')
    const { code, stdout } = await run('tools/verify/matrix/matrix.ts')
    expect({ code, stdout }).toMatchObject({ code: 1 })
    expect(stdout).toContain('require-mtls-of-pods is not on the cluster')
  })

  test('that selects our Pods stops make deploy, and make analyze LIVE=yes reports it', async () => {
    await createOlder('open-pods', { selector: { matchLabels: { app: 'secure-signing' } } })
    const { code, said } = await runDeploy(kubeconfig)
    expect({ code, said }).toMatchObject({ code: 1 })
    expect(said).toContain(
      'PeerAuthentication signing/open-pods: mTLS PERMISSIVE accepts plain text',
    )
    expect(said).toContain('nothing was changed')
    const { code: found, stdout } = await run('tools/analyze/analyze.ts', { LIVE: 'yes' })
    expect(found).toBe(1)
    expect(stdout).toContain('[breaks] PeerAuthentication signing/open-pods: ')
    expect(stdout).toContain(
      '[breaks] PeerAuthentication signing/require-mtls: it is not on the cluster',
    )
  })
})
