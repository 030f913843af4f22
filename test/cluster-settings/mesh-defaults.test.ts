// Mesh-wide defaults that hide resources or turn automatic mTLS off. Our resources say what they need, and `make deploy` finds what
// they cannot say.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyResource, kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { CONFIG_MS } from '../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { runMake } from '../support/cluster/make.ts'
import { setMeshConfig } from '../support/cluster/mesh-config.ts'
import { needsLocalCluster } from '../support/skips.ts'

const label = (...changes: string[]) => kubectl(['label', 'namespace', namespace, ...changes])

/** Sends several requests, because a gateway has several connections. Returns the status that all of them have. */
async function ask(): Promise<number | undefined> {
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      fetch(`${process.env.GATEWAY_URL}/process`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"message":"hello"}',
      }),
    ),
  )
  const [status, ...others] = new Set(answers.map((each) => each.status))
  return others.length === 0 ? status : undefined
}
const waitUntil = (isWanted: (status: number | undefined) => boolean, what: string) =>
  waitFor(
    async () => (isWanted(await ask()) ? true : undefined),
    CONFIG_MS,
    () => what,
  )
const untilSigned = () => waitUntil((status) => status === 200, 'requests are not signed')

describe('discoverySelectors without our namespace', needsLocalCluster, () => {
  let restore: () => Promise<void>
  beforeAll(async () => {
    const system = { matchLabels: { 'kubernetes.io/metadata.name': 'istio-system' } }
    const discoverySelectors = [system, { matchLabels: { mesh: 'enabled' } }]
    restore = await setMeshConfig({ discoverySelectors })
  })
  afterAll(async () => {
    await restore()
    await label('mesh-')
    await untilSigned()
  })

  test('stop make deploy before anything changes, with the command that helps', async () => {
    const { code, said } = await runMake('deploy')
    expect(code, said).not.toBe(0)
    expect(said).toContain('meshConfig.discoverySelectors: they leave out the namespace signing')
    expect(said).toContain('kubectl label namespace signing mesh=enabled')
    expect(said).toContain('nothing was changed')
  })

  test('with that label, the deployment passes and requests are signed', async () => {
    await label('mesh=enabled')
    const { code, said } = await runMake('deploy')
    expect(code, said).toBe(0)
    await untilSigned()
  })
})

describe('defaults that export nothing, and no automatic mTLS', needsLocalCluster, () => {
  let restore: () => Promise<void>
  beforeAll(async () => {
    const own = ['.']
    restore = await setMeshConfig({
      ...{ defaultServiceExportTo: own, defaultVirtualServiceExportTo: own },
      ...{ defaultDestinationRuleExportTo: own, enableAutoMtls: false },
    })
  })
  afterAll(async () => {
    await restore()
    await runMake('deploy')
    await untilSigned()
  })

  const patch = (resource: string, change: object) => {
    const args = ['patch', resource, 'frontend', '-n', namespace, '--type=merge']
    return kubectl([...args, '-p', JSON.stringify(change)])
  }
  const exportTo = (value: string | null) => ({
    metadata: { annotations: { 'networking.istio.io/exportTo': value } },
  })
  const tls = (mode: string | null) => ({ spec: { trafficPolicy: { tls: mode && { mode } } } })

  test.each([
    ['the annotation of the Service', 'service', exportTo(null), exportTo('*')],
    [
      'exportTo of the VirtualService',
      'virtualservice',
      { spec: { exportTo: null } },
      { spec: { exportTo: ['*'] } },
    ],
    ['mTLS of the DestinationRule', 'destinationrule', tls(null), tls('ISTIO_MUTUAL')],
  ])('requests are signed, and fail without %s', async (_, resource, without, withIt) => {
    await untilSigned()
    await patch(resource, without)
    await waitUntil((status) => (status ?? 200) >= 400, 'the default has no effect')
    await patch(resource, withIt)
    await untilSigned()
  })

  test('make deploy passes', async () => {
    const { code, said } = await runMake('deploy')
    expect(code, said).toBe(0)
  })
})

describe('a namespace with the labels of ambient mode', needsLocalCluster, () => {
  afterAll(() => label('istio.io/dataplane-mode-', 'istio.io/use-waypoint-'))

  test('is deployed, with a note, and keeps its labels', async () => {
    await label('istio.io/dataplane-mode=ambient', 'istio.io/use-waypoint=waypoint')
    const { code, said } = await runMake('deploy')
    expect(code, said).toBe(0)
    expect(said).toMatch(/note {2}istioctl: Warning IST0123 Namespace signing/)
    const labels = await kubectl([
      'get',
      'namespace',
      namespace,
      '-o',
      'jsonpath={.metadata.labels}',
    ])
    expect(labels).toContain('"istio.io/dataplane-mode":"ambient"')
    await untilSigned()
  })
})

test('a DestinationRule in the namespace of the gateway is found', needsLocalCluster, async () => {
  const rule = {
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule' },
    metadata: { name: 'test-plain', namespace: 'istio-system' },
    spec: {
      host: `*.${namespace}.svc.cluster.local`,
      exportTo: ['.'],
      trafficPolicy: { tls: { mode: 'DISABLE' } },
    },
  }
  await applyResource(rule, { manager: 'test' })
  try {
    await waitUntil((status) => (status ?? 200) >= 400, 'the rule has no effect')
    const { code, said } = await runMake('deploy')
    expect(code, said).not.toBe(0)
    expect(said).toContain('DestinationRule istio-system/test-plain: it is for the host')
  } finally {
    await kubectl(['delete', 'destinationrule', 'test-plain', '-n', 'istio-system'])
    await untilSigned()
  }
})
