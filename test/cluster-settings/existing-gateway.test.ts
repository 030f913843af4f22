// A Gateway of Istio that a platform team manages: our VirtualService binds to it, and our own Gateway goes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readKeys } from '../../tools/deploy/keys/hmac-key.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import {
  apply,
  istio,
  makeCertificate,
  makeNamespace,
  privateCa,
  publicHost,
  restoreRoute,
  runPrinted,
  runTool,
} from '../support/cluster/gateways.ts'
import { underLoad } from '../support/cluster/signing.ts'
import { needsLocalCluster } from '../support/skips.ts'

const selector = { istio: 'ingressgateway' }
const where = 'istio-system'
const makeGateway = (name: string, ...servers: object[]) =>
  istio('Gateway', { name, namespace: 'infra' }, { selector, servers })
const http = { number: 80, name: 'http', protocol: 'HTTP' }
const https = { number: 443, name: 'https', protocol: 'HTTPS' }
/** The local cluster's Service has no port 443. */
const tlsService = {
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'edge-tls', namespace: where } },
  spec: { selector, ports: [{ name: 'https', port: 443, targetPort: 8443 }] },
}

describe('an existing Gateway of Istio', needsLocalCluster, () => {
  beforeAll(async () => {
    await apply(
      makeNamespace('infra'),
      tlsService,
      await makeCertificate(where, 'edge-certificate'),
    )
    const tls = { mode: 'SIMPLE', credentialName: 'edge-certificate' }
    await apply(
      makeGateway('open', { port: http, hosts: ['*/*'] }),
      makeGateway('secure', { port: https, hosts: [`${namespace}/${publicHost}`], tls }),
      makeGateway('foreign', { port: http, hosts: ['other/other.example'] }),
    )
  })
  afterAll(async () => {
    // Our Gateway would conflict with theirs.
    await kubectl(['delete', 'namespace', 'infra'], { timeoutMs: 120_000 })
    await restoreRoute()
    await kubectl(['delete', 'service/edge-tls', 'secret/edge-certificate', '-n', where])
  })

  const listGateways = () =>
    kubectl(['get', 'gateways.networking.istio.io', '-n', namespace, '-o', 'name'])

  test('that admits another namespace is refused', async () => {
    const { code, stderr } = await runTool('deploy/deploy', { GATEWAY: 'infra/foreign' })
    expect(code).toBe(1)
    expect(stderr).toContain('its hosts other/other.example do not admit the namespace signing')
    expect(stderr).toContain('nothing was changed')
  })

  test('of the same Pods takes over without a lost request', async () => {
    const keys = await readKeys()
    const summary = await underLoad('from our Gateway to theirs', keys, async () => {
      const deployed = await runTool('deploy/deploy', { GATEWAY: 'infra/open' })
      expect(deployed.code, deployed.stderr).toBe(0)
      expect(deployed.stderr).toContain('Gateway/public of the route before is removed')
    })
    expect(summary).toMatchObject({ failed: 0 })
    expect(summary.requests).toBeGreaterThan(100)
    expect(await listGateways()).toBe('')
  })

  test('with TLS by a private CA serves its host, and the matrix holds', async () => {
    const bound = { GATEWAY: 'infra/secure', GATEWAY_CACERT: privateCa }
    const deployed = await runTool('deploy/deploy', bound)
    expect(deployed.code, deployed.stderr).toBe(0)
    // The only host of the Gateway needs no PUBLIC_HOST.
    expect(deployed.stderr).toContain(`https://${publicHost}`)
    const printed = await runPrinted(deployed)
    expect(printed.stdout, printed.stderr).toContain('"signature"')
    const smoke = await runTool('deploy/smoke', { GATEWAY_CACERT: privateCa })
    expect(smoke.stdout, smoke.stderr).toMatch(/^ok: signed through the gateway/)
    const matrix = await runTool('verify/matrix/matrix')
    expect(matrix.stdout).toMatch(/^holds: (\d+) of \1 as declared, .* 0 unauthorized signatures$/m)
    expect(matrix.code).toBe(0)
  })
})
