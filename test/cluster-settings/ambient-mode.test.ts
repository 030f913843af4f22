// Istio's ambient profile without ztunnel, and our namespace with the labels of ambient mode.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { type RunResult, tryRun } from '../../tools/cli/exec.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { needsLocalCluster } from '../support/skips.ts'

/** The limit of a hook in this set of tests. */
const HOOK_MS = 300_000
const make = (...args: string[]) => tryRun('make', args, { cwd: CHECKOUT, timeoutMs: HOOK_MS })
const succeed = ({ code, stderr }: RunResult) => expect({ code, stderr }).toMatchObject({ code: 0 })

describe('in ambient mode', needsLocalCluster, () => {
  let result: RunResult
  beforeAll(async () => {
    result = await make('test-istio', 'AMBIENT=yes')
  })
  afterAll(async () => {
    for (const target of ['cluster', 'undeploy', 'deploy']) succeed(await make(target))
  })

  test('deploy, smoke and matrix pass with a labelled namespace', () => {
    succeed(result)
    expect(result.stdout).toMatch(/^deploy, smoke and matrix pass with .*, ambient mode with /m)
    expect(result.stdout).toMatch(/^holds: .* 0 unauthorized signatures$/m)
  })

  test('our Pods keep their sidecars, and ztunnel does not get their traffic', async () => {
    const pods = ['get', 'pods', '-n', namespace, '-l', 'app=secure-signing', '-o']
    expect(await kubectl([...pods, 'jsonpath={..initContainers[*].name}'])).toContain('istio-proxy')
    const annotations = await kubectl([...pods, 'jsonpath={..metadata.annotations}'])
    expect(annotations).toContain('sidecar.istio.io/status')
    expect(annotations).not.toContain('ambient.istio.io/redirection')
  })
})
