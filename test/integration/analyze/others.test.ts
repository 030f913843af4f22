// What others have on the cluster is judged together with our resources: what opens or breaks our Pods, what weakens one control,
// and what only looks unusual.
import { beforeAll, describe, expect, test } from 'vitest'
import { judgeOthers } from '../../../tools/analyze/live/judge-others.ts'
import { formatJudgment } from '../../../tools/analyze/live/judgment.ts'
import { kinds } from '../../../tools/analyze/live/read-others.ts'
import { pluralize } from '../../../tools/deploy/preflight/permissions.ts'
import { application } from '../../../tools/kube/application.ts'
import { onePod, separatePods } from '../../../tools/kube/layouts.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { renderSample } from '../../support/api-server/sample.ts'

const root = 'istio-root'
const gateway = 'edge-system'
const issuer = 'https://tokens.example'
const older = '2020-01-01T00:00:00Z'
const newer = '2030-01-01T00:00:00Z'
const deployed = '2026-11-29T00:00:00Z'
const app = { app: 'secure-signing' }
const users = [{ issuer: 'https://users.example', jwksUri: 'https://users.example/keys' }]

let ours: Resource[]
beforeAll(async () => {
  ours = (await renderSample()).resources
})

function make(kind: string, spec: unknown, namespace = 'signing', created = newer): Resource {
  const group = /^(PeerA|RequestA|AuthorizationP)/.test(kind) ? 'security' : 'networking'
  return {
    apiVersion: `${group}.istio.io/v1`,
    kind,
    metadata: { name: 'theirs', namespace, creationTimestamp: created },
    spec,
  }
}

/** Judges `others` beside our resources, which exist if `exist` is true. */
function judgeAll(others: readonly Resource[], exist = true, resources = ours) {
  const live = resources.map((each) => ({
    ...each,
    metadata: { ...each.metadata, creationTimestamp: deployed },
  }))
  const given = {
    ...{ ours: resources, application, namespace: 'signing', root },
    ...{ gatewayNamespaces: [gateway], issuer },
  }
  return judgeOthers([...(exist ? live : []), ...others], given)
}

const severities = (...args: Parameters<typeof judgeAll>) =>
  judgeAll(...args).map(({ severity }) => severity)

const selecting = (labels: object) => ({ selector: { matchLabels: labels } })
const permissive = { mtls: { mode: 'PERMISSIVE' } }
const plainPort = { mtls: { mode: 'STRICT' }, portLevelMtls: { 8080: { mode: 'DISABLE' } } }
const allow = (spec: object) => make('AuthorizationPolicy', spec)
const patch = (context: string, filter: string) => ({
  configPatches: [
    { applyTo: 'HTTP_FILTER', match: { context }, patch: { operation: 'REMOVE', value: filter } },
  ],
})
const route = (host: string, match: unknown) => ({ match, route: [{ destination: { host } }] })
const frontend = 'frontend.signing.svc.cluster.local'
const exact = {
  from: [{ source: { principals: ['mesh.example/ns/observability/sa/prometheus-k8s'] } }],
  to: [{ operation: { ports: ['8080'], methods: ['GET'], paths: ['/metrics'] } }],
}

test('our own resources are never judged, whether they exist or not', () => {
  expect(judgeAll([])).toEqual([])
  expect(judgeAll([], false)).toEqual([])
})

describe.each<[severity: string, cases: Record<string, Resource>]>([
  [
    'breaks',
    {
      'an older PERMISSIVE PeerAuthentication that selects our Pods': make(
        'PeerAuthentication',
        { ...selecting(app), ...permissive },
        'signing',
        older,
      ),
      'an older one that opens a port': make(
        'PeerAuthentication',
        { ...selecting(app), ...plainPort },
        'signing',
        older,
      ),
      'an older one without a mode, which inherits PERMISSIVE': make(
        'PeerAuthentication',
        selecting(app),
        'signing',
        older,
      ),
      'an older Sidecar that selects our Pods': make(
        'Sidecar',
        { workloadSelector: { labels: app } },
        'signing',
        older,
      ),
      'a DENY of everything': make('AuthorizationPolicy', { action: 'DENY', rules: [{}] }, root),
      'an EnvoyFilter that removes the policies': make('EnvoyFilter', {
        ...patch('SIDECAR_INBOUND', 'envoy.filters.http.rbac'),
      }),
      'one of the root namespace': make('EnvoyFilter', patch('ANY', 'jwt_authn'), root),
      'a DestinationRule in our namespace without mTLS': make('DestinationRule', {
        host: 'frontend',
        trafficPolicy: { tls: { mode: 'DISABLE' } },
      }),
      'one in the namespace of the gateway': make(
        'DestinationRule',
        { host: '*.local', trafficPolicy: { tls: { mode: 'SIMPLE' } } },
        gateway,
      ),
      'one for the host of the signer': make('DestinationRule', {
        host: 'signer.pod.internal',
        trafficPolicy: {
          portLevelSettings: [{ port: { number: 8081 }, tls: { mode: 'DISABLE' } }],
        },
      }),
      'a ServiceEntry for the host of the signer': make('ServiceEntry', {
        hosts: ['signer.pod.internal'],
      }),
      'a VirtualService for the host of the signer': make('VirtualService', {
        hosts: ['signer.pod.internal'],
        tcp: [{ route: [{ destination: { host: 'elsewhere.example' } }] }],
      }),
    },
  ],
  [
    'weakens',
    {
      'an older PERMISSIVE PeerAuthentication for the whole namespace': make(
        'PeerAuthentication',
        permissive,
        'signing',
        older,
      ),
      'an ALLOW for everybody': allow({ rules: [{}] }),
      'an ALLOW of the root namespace': make(
        'AuthorizationPolicy',
        { rules: [{ from: [{ source: { namespaces: ['other'] } }] }] },
        root,
      ),
      'an ALLOW for the signer without a token': allow({
        ...selecting(app),
        rules: [{ ...exact, to: [{ operation: { ...exact.to[0]?.operation, ports: ['8081'] } }] }],
      }),
      'a newer PERMISSIVE PeerAuthentication for the namespace': make(
        'PeerAuthentication',
        permissive,
      ),
      'a newer one that selects our Pods': make('PeerAuthentication', {
        ...selecting(app),
        ...permissive,
      }),
      'a newer Sidecar that selects our Pods': make('Sidecar', {
        workloadSelector: { labels: app },
      }),
      'an ALLOW for tokens of users at the frontend': allow({
        ...selecting(app),
        rules: [
          {
            from: [{ source: { requestPrincipals: ['https://users.example/*'] } }],
            to: [{ operation: { ports: ['8080'], methods: ['POST'], paths: ['/process'] } }],
          },
        ],
      }),
      'an EnvoyFilter that adds a filter before the policies': make('EnvoyFilter', {
        configPatches: [
          {
            applyTo: 'HTTP_FILTER',
            match: { context: 'SIDECAR_INBOUND', subFilter: 'envoy.filters.http.rbac' },
            patch: { operation: 'INSERT_BEFORE', value: { name: 'lua' } },
          },
        ],
      }),
      'an EnvoyFilter that does something else': make('EnvoyFilter', patch('ANY', 'lua'), root),
      'a WasmPlugin': make('WasmPlugin', { url: 'oci://registry.example/plugin' }, root),
      'Telemetry with a token': make('Telemetry', {
        tracing: [{ customTags: { token: { header: { name: 'Caller-Token' } } } }],
      }),
      'a ServiceEntry for the host of the frontend': make(
        'ServiceEntry',
        { hosts: [frontend] },
        'other',
      ),
      'a Service for the port of the signer': {
        ...make('Service', { selector: app, ports: [{ port: 8081 }] }),
        apiVersion: 'v1',
      },
      'a VirtualService of another namespace that routes every path to us': make(
        'VirtualService',
        { hosts: ['a.example'], gateways: ['edge-system/main'], http: [route(frontend, [])] },
        'other',
      ),
      'a VirtualService at our Gateway': make('VirtualService', {
        hosts: ['*'],
        gateways: ['public'],
        http: [route('other', [{ uri: { prefix: '/other' } }])],
      }),
      'a RequestAuthentication that reads our header': make('RequestAuthentication', {
        ...selecting(app),
        jwtRules: [{ issuer: 'https://users.example', fromHeaders: [{ name: 'caller-token' }] }],
      }),
    },
  ],
  [
    'note',
    {
      'an older STRICT PeerAuthentication that selects our Pods': make(
        'PeerAuthentication',
        { ...selecting(app), mtls: { mode: 'STRICT' } },
        'signing',
        older,
      ),
      'an older one that opens a port on which nothing listens': make(
        'PeerAuthentication',
        {
          ...selecting(app),
          mtls: { mode: 'STRICT' },
          portLevelMtls: { 9090: { mode: 'DISABLE' } },
        },
        'signing',
        older,
      ),
      'a DENY': make(
        'AuthorizationPolicy',
        { action: 'DENY', rules: [{ from: [{ source: { namespaces: ['x'] } }] }] },
        root,
      ),
      'a CUSTOM policy': allow({ action: 'CUSTOM', provider: { name: 'opa' }, rules: [{}] }),
      'a ProxyConfig': make('ProxyConfig', { concurrency: 4 }, root),
      'a DestinationRule with mTLS': make('DestinationRule', {
        host: frontend,
        trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
      }),
      'a resource that cannot be read': make('PeerAuthentication', { mtls: 'STRICT' }),
    },
  ],
])('%s', (severity, cases) => {
  test.each(Object.entries(cases))('%s', (_, other) => {
    const found = judgeAll([other])
    expect([...new Set(found.map((each) => each.severity))]).toEqual([severity])
    for (const each of found) {
      expect(formatJudgment(each)).toContain(`${other.kind} ${other.metadata.namespace}/theirs: `)
      expect(each.todo).toContain(`theirs -n ${other.metadata.namespace} -o yaml`)
    }
  })
})

test.each<[string, Resource]>([
  ['the mesh-wide PERMISSIVE default', make('PeerAuthentication', permissive, root, older)],
  [
    'a PeerAuthentication for other Pods',
    make('PeerAuthentication', { ...selecting({ app: 'x' }), ...permissive }, 'signing', older),
  ],
  ['a PeerAuthentication elsewhere', make('PeerAuthentication', permissive, 'other', older)],
  ['a Sidecar for the whole namespace', make('Sidecar', {}, 'signing', older)],
  ['a Sidecar of the root namespace', make('Sidecar', {}, root, older)],
  ['a mesh-wide default deny', make('AuthorizationPolicy', {}, root)],
  [
    'a policy of the gateway',
    make('AuthorizationPolicy', { ...selecting({ istio: 'edge' }), rules: [{}] }, root),
  ],
  [
    'a policy of a waypoint',
    allow({ targetRefs: [{ kind: 'Gateway', name: 'waypoint' }], rules: [{}] }),
  ],
  ['an exact ALLOW for Prometheus', allow({ ...selecting(app), rules: [exact] })],
  ['tokens of users', make('RequestAuthentication', { ...selecting(app), jwtRules: users })],
  ['an EnvoyFilter for gateways', make('EnvoyFilter', patch('GATEWAY', 'rbac'), root)],
  [
    'an EnvoyFilter for other Pods',
    make('EnvoyFilter', { workloadSelector: { labels: { app: 'x' } }, ...patch('ANY', 'rbac') }),
  ],
  ['an EnvoyFilter elsewhere', make('EnvoyFilter', patch('ANY', 'rbac'), 'other')],
  ['Telemetry without tokens', make('Telemetry', { accessLogging: [{ disabled: true }] }, root)],
  [
    'a mesh-wide DestinationRule',
    make('DestinationRule', { host: '*.local', trafficPolicy: { tls: { mode: 'DISABLE' } } }, root),
  ],
  [
    'a DestinationRule for another host',
    make('DestinationRule', { host: 'other', trafficPolicy: { tls: { mode: 'DISABLE' } } }),
  ],
  [
    'a VirtualService for another host',
    make('VirtualService', { hosts: ['other'], http: [route('other', [])] }, 'other'),
  ],
  ['a ServiceEntry for another host', make('ServiceEntry', { hosts: ['db.example'] })],
])('says nothing about %s', (_, other) => {
  expect(judgeAll([other])).toEqual([])
})

test('a policy without a mode takes that of the oldest policy of the namespace', () => {
  const inherits = make('PeerAuthentication', selecting(app), 'signing', older)
  const theirs = make('PeerAuthentication', permissive, 'signing', older)
  const forAll = { ...theirs, metadata: { ...theirs.metadata, name: 'for-all' } }
  expect(severities([inherits, forAll])).toEqual(['weakens', 'breaks'])
})

describe('before the first deployment', () => {
  test.each(['PeerAuthentication', 'Sidecar'])(
    'every %s that selects our Pods is older',
    (kind) => {
      const spec = { ...selecting(app), ...permissive, workloadSelector: { labels: app } }
      expect(severities([make(kind, spec)])).not.toContain('breaks')
      expect(severities([make(kind, spec)], false)).toContain('breaks')
    },
  )
})

test('our resources are of kinds that are read', () => {
  const ofMesh = ours.filter(({ apiVersion }) => apiVersion.includes('.istio.io/'))
  const names = ofMesh.map(
    ({ kind, apiVersion }) => `${pluralize(kind)}.${apiVersion.split('/')[0]}`,
  )
  for (const name of names) expect(name).toMatch(kinds)
})

test.each([onePod, separatePods])('a resource for one Pod is found: $overlay', async (layout) => {
  const { resources } = await renderSample([], layout)
  const other = make(
    'PeerAuthentication',
    { ...selecting({ app: layout.signer }), ...permissive },
    'signing',
    older,
  )
  expect(severities([other], true, resources)).toEqual(['breaks'])
})

describe('a Pod of somebody else in our namespace', () => {
  const pod = (rest: { labels?: object; phase?: string; account?: string; owner?: string }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `report-${rest.phase ?? 'a'}`,
      namespace: 'signing',
      labels: { ...rest.labels },
      ownerReferences: rest.owner === undefined ? [] : [{ uid: rest.owner }],
    },
    spec: { serviceAccountName: rest.account ?? 'secure-signing' },
    status: { phase: rest.phase ?? 'Running' },
  })

  test('with our ServiceAccount weakens the identity, and the message says what it gets', () => {
    const [found, ...others] = judgeAll([pod({})])
    expect(others).toEqual([])
    expect(found).toMatchObject({ severity: 'weakens', about: 'Pod signing/report-a' })
    expect(found && formatJudgment(found)).toMatch(
      /ServiceAccount secure-signing .* reads readiness and metrics .* no signature, .* Give its workload/,
    )
  })
  test('is named once for each workload', () => {
    const pods = ['Running', 'Pending'].map((phase) => pod({ phase, owner: 'job' }))
    expect(judgeAll(pods)).toHaveLength(1)
  })
  test.each<[string, Resource]>([
    ['is one of ours, of any version', pod({ labels: { ...app, other: 'x' } })],
    ['has another ServiceAccount', pod({ account: 'other' })],
    ['has ended', pod({ phase: 'Succeeded' })],
  ])('is fine if it %s', (_, each) => expect(judgeAll([each])).toEqual([]))
})

describe('an ALLOW for the port of the signer, beside signer-deny-others', () => {
  const denying = make('AuthorizationPolicy', { action: 'DENY', ...selecting(app), rules: [{}] })
  denying.metadata.name = 'signer-deny-others'

  test('weakens, and the message says what is still open', () => {
    const [found, ...others] = judgeAll([allow({ rules: [{}] })], true, [...ours, denying])
    expect(others).toEqual([])
    expect(found).toMatchObject({
      severity: 'weakens',
      message: expect.stringMatching(
        /signer-deny-others still refuses every identity but .* secure-signing.* Still open: \/metrics .* no signature/,
      ),
    })
  })
})

test("an ALLOW for another application's own port is only noted", () => {
  const policy = allow({ rules: [{ to: [{ operation: { ports: ['8080'] } }] }] })
  const given = { ours, namespace: 'signing', root, gatewayNamespaces: [gateway], issuer }
  const judgeFor = (isOurs: boolean) =>
    judgeOthers([policy], { ...given, application: { ...application, isOurs } })
  expect(new Set(judgeFor(true).map(({ severity }) => severity))).toEqual(new Set(['weakens']))
  expect(new Set(judgeFor(false).map(({ severity }) => severity))).toEqual(new Set(['note']))
})
