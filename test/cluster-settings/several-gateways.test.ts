// Two gateways with one label and two ServiceAccounts, for example a canary.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../tools/kube/kubectl.ts'
import { startPortForward } from '../../tools/kube/port-forward.ts'
import { CONFIG_MS } from '../../tools/verify/attack/timeouts.ts'
import { apply, restoreRoute, runTool } from '../support/cluster/gateways.ts'
import { processMessage } from '../support/process-message.ts'
import { needsLocalCluster } from '../support/skips.ts'

const where = 'istio-system'
const canary = 'gateway-canary'
const deployment = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({ serviceAccountName: z.string() }),
    }),
  }),
})

describe('two gateways with one label', needsLocalCluster, () => {
  beforeAll(async () => {
    const args = ['get', 'deployment', 'istio-ingressgateway', '-n', where, '-o', 'json']
    const { spec } = await kubectlJson(deployment, args)
    const { metadata, spec: podSpec } = spec.template
    // The Service of the gateway selects the canary too.
    const labels = { ...metadata.labels, canary: 'yes' }
    const template = {
      metadata: { ...metadata, labels },
      spec: { ...podSpec, serviceAccountName: canary },
    }
    const selector = { matchLabels: { canary: 'yes' } }
    const account = { apiVersion: 'v1', kind: 'ServiceAccount' }
    await apply(
      { ...account, metadata: { name: canary, namespace: where } },
      {
        ...{
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: canary, namespace: where },
        },
        spec: { ...spec, replicas: 1, selector, template },
      },
    )
    const status = ['rollout', 'status', `deployment/${canary}`, '-n', where]
    await kubectl(status, { timeoutMs: 120_000 })
  })
  afterAll(async () => {
    await kubectl(['delete', `deployment/${canary}`, `serviceaccount/${canary}`, '-n', where])
    await kubectl(['wait', 'pod', '-l', 'canary=yes', '-n', where, '--for=delete'], {
      timeoutMs: 120_000,
    })
    await restoreRoute()
  })

  test('are both allowed, and each is served', async () => {
    const deployed = await runTool('deploy/deploy')
    expect(deployed.code, deployed.stderr).toBe(0)
    const accounts = [canary, 'istio-ingressgateway-service-account']
    const principals = accounts.map((name) => `cluster.local/ns/${where}/sa/${name}`)
    expect(deployed.stderr).toContain(`allowed: ${principals.join(', ')}`)
    for (const label of ['canary=yes', '!canary']) {
      const pods = ['get', 'pods', '-n', where, '-l', `istio=ingressgateway,${label}`, '-o', 'name']
      const name = (await kubectl(pods)).trim()
      const forward = await startPortForward(['-n', where, name], 8080)
      try {
        const url = `http://127.0.0.1:${forward.port}`
        const answer = await processMessage({ url }, name, { waitMs: CONFIG_MS, ca: undefined })
        expect(answer?.message).toBe(name.toUpperCase())
      } finally {
        forward.stop()
      }
    }
    expect((await runTool('deploy/smoke')).code).toBe(0)
    const matrix = await runTool('verify/matrix/matrix')
    expect(matrix.stdout).toMatch(/^holds: (\d+) of \1 as declared, .* 0 unauthorized signatures$/m)
  })
})
