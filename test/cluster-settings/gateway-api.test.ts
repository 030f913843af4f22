// Gateways of the Kubernetes Gateway API, which istiod deploys: an HTTPRoute takes the place of our Gateway and VirtualService.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { installGatewayApi } from '../support/api-server/gateway-crds.ts'
import {
  apply,
  gatewayApi,
  makeCertificate,
  makeNamespace,
  privateCa,
  publicHost,
  restoreRoute,
  runPrinted,
  runTool,
} from '../support/cluster/gateways.ts'
import { needsLocalCluster } from '../support/skips.ts'

const all = { namespaces: { from: 'All' } }
const secret = { certificateRefs: [{ name: 'certificate' }] }
const makeGateway = (name: string, listeners: object[]) => {
  // The local cluster has no load balancer.
  const annotations = { 'networking.istio.io/service-type': 'ClusterIP' }
  const metadata = { name, namespace: 'edge', annotations }
  return gatewayApi('Gateway', metadata, { gatewayClassName: 'istio', listeners })
}
const http = { name: 'http', port: 80, protocol: 'HTTP' }
const https = { name: 'https', port: 443, protocol: 'HTTPS', hostname: publicHost, tls: secret }

describe('a Gateway of the Kubernetes Gateway API', needsLocalCluster, () => {
  let removeCrds: () => Promise<void>

  beforeAll(async () => {
    removeCrds = await installGatewayApi()
    await apply(makeNamespace('edge'), await makeCertificate('edge', 'certificate'))
    await apply(
      makeGateway('plain', [{ ...http, allowedRoutes: all }]),
      makeGateway('secure', [
        { ...http, allowedRoutes: all },
        { ...https, allowedRoutes: all },
      ]),
      makeGateway('closed', [http]),
    )
    const names = ['plain', 'secure', 'closed'].map((name) => `gateways.${group}/${name}`)
    const condition = ['--for=condition=Programmed', '--timeout=90s']
    await kubectl(['wait', ...names, '-n', 'edge', ...condition], { timeoutMs: 100_000 })
  })
  afterAll(async () => {
    await restoreRoute()
    await kubectl(['delete', 'namespace', 'edge'], { timeoutMs: 120_000 })
    await removeCrds()
  })

  const group = 'gateway.networking.k8s.io'
  const listRoutes = async () => {
    const kinds = `httproutes.${group},gateways.networking.istio.io,virtualservices.networking.istio.io`
    return (await kubectl(['get', kinds, '-n', namespace, '-o', 'name'])).trim().split('\n')
  }

  test('that admits only its own namespace is refused, and nothing changes', async () => {
    const before = await listRoutes()
    const { code, stderr } = await runTool('deploy/deploy', { GATEWAY: 'edge/closed' })
    expect(code).toBe(1)
    expect(stderr).toContain(
      'listener "http" (HTTP 80): allowedRoutes.namespaces is Same, which does not admit the namespace signing',
    )
    expect(stderr).toContain('nothing was changed')
    expect(await listRoutes()).toEqual(before)
  })

  test('serves after make deploy, and the matrix holds', async () => {
    const deployed = await runTool('deploy/deploy', { GATEWAY: 'edge/plain' })
    expect(deployed.code, deployed.stderr).toBe(0)
    expect(deployed.stderr).toContain('cluster.local/ns/edge/sa/plain-istio')
    expect(deployed.stderr).toContain('HTTPRoute frontend: Accepted=True')
    expect(await listRoutes()).toEqual([`httproute.${group}/frontend`])
    const smoke = await runTool('deploy/smoke')
    expect(smoke.stdout, smoke.stderr).toMatch(/^ok: signed through the gateway/)
    const matrix = await runTool('verify/matrix/matrix')
    expect(matrix.stdout).toMatch(/^holds: (\d+) of \1 as declared, .* 0 unauthorized signatures$/m)
    expect(matrix.code).toBe(0)
    // The deployed Gateway stays without GATEWAY.
    expect((await runTool('deploy/deploy')).stderr).toContain('\nunchanged\n')
  })

  test('with TLS by a private CA serves its host alone', async () => {
    const bound = { GATEWAY: 'edge/secure', PUBLIC_HOST: publicHost }
    const untrusted = await runTool('deploy/deploy', bound)
    expect(untrusted.code).toBe(1)
    expect(untrusted.stderr).toContain("the gateway's certificate is not accepted")
    expect(untrusted.stderr).toContain('set GATEWAY_CACERT')
    const trusted = { ...bound, GATEWAY_CACERT: privateCa }
    const deployed = await runTool('deploy/deploy', trusted)
    expect(deployed.code, deployed.stderr).toBe(0)
    expect(deployed.stderr).toContain(`https://${publicHost}`)
    const sections = 'jsonpath={.spec.parentRefs[*].sectionName} {.spec.hostnames[*]}'
    const route = ['get', `httproutes.${group}`, 'frontend', '-n', namespace, '-o', sections]
    expect(await kubectl(route)).toBe(`https ${publicHost}`)
    const printed = await runPrinted(deployed)
    expect(printed.stdout, printed.stderr).toContain('"signature"')
    const smoke = await runTool('deploy/smoke', { GATEWAY_CACERT: privateCa })
    expect(smoke.stdout, smoke.stderr).toMatch(/^ok: signed through the gateway/)
    const matrix = await runTool('verify/matrix/matrix')
    expect(matrix.stdout).toMatch(/^holds: (\d+) of \1 as declared, .* 0 unauthorized signatures$/m)
  })
})
