// What `make deploy` or a user adapts to the cluster: images, hosts, gateways, keys, sizes and figures.
import type { Resource } from '../../../../tools/kube/resources.ts'

type Adaptation = (resources: readonly Resource[]) => Resource[]

const newKey = {
  kty: 'RSA',
  kid: 'next',
  use: 'sig',
  alg: 'RS256',
  e: 'AQAB',
  n: 'c2FtcGxl'.repeat(30),
}

export const adaptations: Readonly<Record<string, Adaptation>> = {
  'images of another registry': replaceText(
    'registry.example/team/',
    'images.example/mirror/team/',
  ),
  'another build of the signer': replaceText('signer:ba9876543210', 'signer:0a1b2c3d4e5f'),
  'another trust domain': replaceText('mesh.example', 'prod.mesh.example'),
  'another issuer of tokens': replaceText('https://tokens.example', 'https://issuer.example'),
  'another gateway': replaceText('edge-gateway', 'front-gateway'),
  'another revision of Istio': replaceText('"canary"', '"1-30-2"'),
  'a public host': (resources) =>
    resources.map((each) => {
      if (each.kind === 'VirtualService') return inSpec(each, { hosts: ['shop.example'] })
      if (each.kind !== 'Gateway') return each
      const port = { name: 'https', number: 443, protocol: 'HTTPS' }
      const tls = { mode: 'SIMPLE', credentialName: 'shop' }
      return inSpec(each, { servers: [{ hosts: ['shop.example'], port, tls }] })
    }),
  'rotated keys of tokens': (resources) =>
    resources.map((each) => {
      if (each.kind !== 'RequestAuthentication') return each
      const rules: object[] = Object(each.spec).jwtRules
      const jwks = JSON.stringify({ keys: [newKey] })
      return inSpec(each, {
        jwtRules: rules.map((rule) => ('jwks' in rule ? { ...rule, jwks } : rule)),
      })
    }),
  'a longer time-out of the public route': (resources) =>
    resources.map((each) => {
      const http: object[] = Object(each.spec).http
      return each.kind === 'VirtualService'
        ? inSpec(each, { http: http.map((route) => ({ ...route, timeout: '30s' })) })
        : each
    }),
  'other bounds of the autoscaler': (resources) =>
    resources.map((each) =>
      each.kind === 'HorizontalPodAutoscaler'
        ? inSpec(each, { minReplicas: 4, maxReplicas: 40 })
        : each,
    ),
  'another disruption budget': (resources) =>
    resources.map((each) =>
      each.kind === 'PodDisruptionBudget' ? inSpec(each, { maxUnavailable: 2 }) : each,
    ),
  'a slower refresh of the key': (resources) =>
    resources.map((each) =>
      each.kind === 'ExternalSecret' ? inSpec(each, { refreshInterval: '5m' }) : each,
    ),
  'another share of traces': (resources) =>
    resources.map((each) =>
      each.kind === 'Telemetry'
        ? inSpec(each, {
            tracing: [{ providers: [{ name: 'otel' }], randomSamplingPercentage: 10 }],
          })
        : each,
    ),
  'another limit of signatures': (resources) =>
    resources.map((each) =>
      JSON.parse(JSON.stringify(each), (_, value) =>
        Object(value).name === 'SIGNER_SIGNATURES_PER_SECOND' ? { ...value, value: '75' } : value,
      ),
    ),
  'another order of resources': (resources) => resources.toReversed(),
}

function inSpec(resource: Resource, changed: object): Resource {
  return { ...resource, spec: { ...Object(resource.spec), ...changed } }
}

function replaceText(before: string, after: string): Adaptation {
  return (resources) => JSON.parse(JSON.stringify(resources).replaceAll(before, after))
}
