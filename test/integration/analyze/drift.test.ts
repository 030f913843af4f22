// On an API server, whatever somebody changes, removes or adds in our resources is named with its field, who wrote it, and what undoes
// it. What autoscalers, GitOps tools, restarts and the API server itself write is not.
import { beforeAll, describe, expect, test } from 'vitest'
import { formatDrift, judgeDrift } from '../../../tools/analyze/live/drift/judge-drift.ts'
import { readDrift } from '../../../tools/analyze/live/drift/read-drift.ts'
import { rules } from '../../../tools/analyze/rules.ts'
import { application } from '../../../tools/kube/application.ts'
import { applyResource, kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { describeResource, type Resource } from '../../../tools/kube/resources.ts'
import { type Api, pathOfKind } from '../../../tools/verify/admission/api-server/api.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { installIstioCrds, istioApiVersions } from '../../support/api-server/istio-crds.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { applyChange } from '../../support/mistakes/mistakes.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const components = ['autoscaling', 'deployer', 'network-policy', 'seccomp']
/** The other bindings refuse some of the changes. */
const kept = 'secure-signing-no-way-into-signer'
const judging = rules.filter(({ compares }) => !compares)

const isOfMesh = ({ apiVersion }: Resource) => apiVersion.includes('.istio.io/')

type Op = { op: 'add' | 'remove' | 'replace'; path: string; value?: unknown }
const template = '/spec/template/spec'
const signer = `${template}/containers/1`
const add = (path: string, value: unknown): Op => ({ op: 'add', path, value })
const replace = (path: string, value: unknown): Op => ({ op: 'replace', path, value })
const remove = (path: string): Op => ({ op: 'remove', path })

/** Resource, what is done to it, and what is said about it. */
const changes: readonly (readonly [name: string, op: Op, said: string])[] = [
  [
    'PeerAuthentication/signer-require-mtls',
    replace('/spec/mtls/mode', 'PERMISSIVE'),
    'spec.mtls.mode is "PERMISSIVE" instead of "STRICT"',
  ],
  [
    'AuthorizationPolicy/signer-allow-caller',
    add('/spec/rules/0/to/0/operation/paths/-', '/keys'),
    'paths[3] is "/keys", which nothing of ours sets',
  ],
  [
    'AuthorizationPolicy/signer-allow-nothing',
    add('/spec/rules', [{}]),
    'spec.rules is [{}], which nothing of ours sets',
  ],
  [
    'AuthorizationPolicy/signer-deny-others',
    replace('/spec/action', 'AUDIT'),
    'spec.action is "AUDIT" instead of "DENY"',
  ],
  [
    'RequestAuthentication/signer-authenticate-caller',
    replace('/spec/jwtRules/0/audiences/0', 'other'),
    'audiences[0] is "other", which nothing of ours sets',
  ],
  [
    'Sidecar/signer',
    replace('/spec/outboundTrafficPolicy/mode', 'ALLOW_ANY'),
    'outboundTrafficPolicy.mode is "ALLOW_ANY"',
  ],
  [
    'DestinationRule/frontend',
    replace('/spec/trafficPolicy/tls/mode', 'DISABLE'),
    'tls.mode is "DISABLE"',
  ],
  [
    'VirtualService/frontend',
    remove('/spec/http/0/timeout'),
    'spec.http[0].timeout is missing, which would be "10s"',
  ],
  [
    'Gateway/public',
    add('/spec/servers/0/hosts/-', 'other.example'),
    'hosts[1] is "other.example"',
  ],
  [
    'ServiceEntry/signer-in-pod',
    replace('/spec/exportTo/0', '*'),
    'spec.exportTo[0] is "*", which nothing of ours sets',
  ],
  [
    'ConfigMap/envoy-admin-allowlist',
    add('/data/more', 'text'),
    'data.more is "text", which nothing of ours sets',
  ],
  [
    'ConfigMap/seccomp-profiles',
    replace('/data', { 'signer.json': '{}' }),
    'data[signer.json] is "{}"',
  ],
  [
    'ServiceAccount/secure-signing',
    replace('/automountServiceAccountToken', true),
    'automountServiceAccountToken is true instead of false',
  ],
  [
    'Role/deployer',
    add('/rules/-', { apiGroups: [''], resources: ['secrets'], verbs: ['*'] }),
    '"resources":["secrets"]',
  ],
  [
    'NetworkPolicy/signer-deny-all',
    add('/spec/ingress', [{}]),
    'spec.ingress is [{}], which nothing of ours sets',
  ],
  ['Service/frontend', replace('/spec/selector/app', 'other'), 'spec.selector.app is "other"'],
  [
    'Service/frontend',
    add('/spec/ports/-', { name: 'more', port: 9999 }),
    'spec.ports[1] is {"name":"more","port":9999',
  ],
  [
    'ValidatingAdmissionPolicyBinding/secure-signing-no-way-into-signer',
    replace('/spec/validationActions', ['Audit']),
    'spec.validationActions[0] is missing, which would be "Deny"',
  ],
  [
    'ValidatingAdmissionPolicy/secure-signing-no-way-into-signer',
    replace('/spec/failurePolicy', 'Ignore'),
    'spec.failurePolicy is "Ignore" instead of "Fail"',
  ],
  [
    'ValidatingAdmissionPolicy/secure-signing-no-way-around-proxy',
    add('/spec/matchConditions/-', { name: 'never', expression: 'false' }),
    'spec.matchConditions[1] is {"expression":"false","name":"never"}',
  ],
  [
    'Namespace/signing',
    replace('/metadata/labels/pod-security.kubernetes.io~1enforce', 'privileged'),
    '[pod-security.kubernetes.io/enforce] is "privileged" instead of "restricted"',
  ],
  [
    'Namespace/signing',
    add('/metadata/labels/istio.io~1dataplane-mode', 'ambient'),
    '[istio.io/dataplane-mode] is "ambient"',
  ],
  [
    'Deployment/secure-signing',
    add('/metadata/annotations', { 'example.com/note': 'here' }),
    'metadata.annotations[example.com/note] is "here"',
  ],
  [
    'Deployment/secure-signing',
    remove(`${signer}/securityContext/capabilities`),
    'securityContext.capabilities is missing, which would be {"drop":["ALL"]}',
  ],
  [
    'Deployment/secure-signing',
    add(`${signer}/env/-`, { name: 'NODE_OPTIONS', value: '--inspect' }),
    '{"name":"NODE_OPTIONS","value":"--inspect"}',
  ],
  [
    'Deployment/secure-signing',
    add(`${template}/containers/-`, { name: 'second', image: 'other.example/image' }),
    'containers[2] is {"image":"other.example/image"',
  ],
  [
    'Deployment/secure-signing',
    add(`${template}/hostPID`, true),
    'hostPID is true, which nothing of ours sets',
  ],
  ['DaemonSet/seccomp-profiles', add(`${template}/hostNetwork`, true), 'hostNetwork is true'],
]

describe('on an API server', needsLocalPrograms, () => {
  let api: Api
  let ours: Resource[]

  beforeAll(async () => {
    api = (await useBareApiServer()).api
    const [, version = '1.32.0'] = istioApiVersions
    await installIstioCrds(version)
    const { resources } = await renderSample(components)
    const isBinding = ({ kind, metadata }: Resource) =>
      kind === 'ValidatingAdmissionPolicyBinding' && metadata.name !== kept
    ours = resources.filter((each) => !isBinding(each))
    for (const each of ours) await api.apply(each)
  })

  const find = (name: string) => {
    const found = ours.find((each) => describeResource(each) === name)
    if (found === undefined) throw new Error(`there is no ${name}`)
    return found
  }
  const target = (name: string) => {
    const { apiVersion, kind, metadata } = find(name)
    const group = apiVersion.includes('/') ? `.${apiVersion.replace(/\/.*/, '')}` : ''
    return [
      `${kind}${group}`,
      metadata.name,
      ...(metadata.namespace ? ['-n', metadata.namespace] : []),
    ]
  }
  const change = async (name: string, ops: readonly Op[]) => {
    const resource = find(name)
    const path = `${pathOfKind(resource)}/${resource.metadata.name}?fieldManager=kubectl-patch`
    const contentType = 'application/json-patch+json'
    const { status, said } = await api.send({ method: 'PATCH', path, body: ops, contentType })
    expect(status, `${name}: ${said}`).toBe(200)
  }
  const judge = async (resources: readonly Resource[] = ours) => {
    const input = await readDrift(resources)
    expect(input.problem).toBe('')
    return judgeDrift(resources, input, judging, application).map(formatDrift)
  }
  /** As nobody has changed it. */
  const restore = async (name: string) => {
    const resource = find(name)
    await api.send({ method: 'DELETE', path: `${pathOfKind(resource)}/${resource.metadata.name}` })
    await api.apply(resource)
  }

  test('nothing is deployed', async () => {
    const elsewhere = ours.map((each) => ({
      ...each,
      metadata: { ...each.metadata, name: `other-${each.metadata.name}` },
    }))
    expect(await judge(elsewhere)).toEqual([])
  })

  test('everything is as it was applied', async () => expect(await judge()).toEqual([]))

  test('what tools and the cluster write is no finding', async () => {
    const marks = {
      'app.kubernetes.io/instance': 'signing',
      'kustomize.toolkit.fluxcd.io/name': 'apps',
      'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
    }
    const annotations = {
      'argocd.argoproj.io/tracking-id': 'signing:apps/Deployment:signing/secure-signing',
      'deployment.kubernetes.io/revision': '3',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    }
    for (const name of ['Deployment/secure-signing', 'PeerAuthentication/signer-require-mtls']) {
      const body = { metadata: { labels: marks, annotations } }
      await kubectl(['patch', ...target(name), '--type=merge', '-p', JSON.stringify(body)])
    }
    await kubectl(['scale', ...target('Deployment/secure-signing'), '--replicas=7'])
    await kubectl(['rollout', 'restart', 'deployment/secure-signing', '-n', namespace])
    await kubectl([
      'label',
      'namespace',
      namespace,
      'team=payments',
      'field.cattle.io/projectId=p-1',
    ])
    // A GitOps tool that applies the same content owns it, too.
    for (const each of ours.filter(isOfMesh))
      await applyResource(each, { manager: 'kustomize-controller', options: ['--force-conflicts'] })
    // The API server writes its defaults for a client that sends no more than we do.
    await restore('Service/frontend')
    await kubectl(['replace', '-f', '-'], {
      input: JSON.stringify(find('NetworkPolicy/signer-deny-all')),
    })
    expect(await judge()).toEqual([])
  })

  test('what the files say is no finding, even if a rule finds it', async () => {
    const wide: [string, string, unknown] = ['VirtualService/frontend', 'spec.http.0.match', []]
    const resources = applyChange(ours, wide)
    await change('VirtualService/frontend', [replace('/spec/http/0/match', [])])
    expect(await judge(resources)).toEqual([])
    await restore('VirtualService/frontend')
  })

  describe('after changes', () => {
    let lines: string[]
    beforeAll(async () => {
      for (const [name, op] of changes) await change(name, [op])
      await kubectl(['delete', ...target('AuthorizationPolicy/signer-allow-probe')])
      lines = await judge()
    })
    const of = (name: string) => {
      const { kind, metadata } = find(name)
      const place = metadata.namespace === undefined ? '' : `${metadata.namespace}/`
      return lines.filter((each) => each.startsWith(`${kind} ${place}${metadata.name}: `))
    }

    test.each(changes)('%s: %o is named', (name, { op, path }, said) => {
      const line = of(name).find((each) => each.includes(said))
      expect(line, `${op} ${path}\n${of(name).join('\n')}`).toBeDefined()
      // Nobody owns a field that is gone, or an item of a set.
      expect(line).toMatch(/"kubectl-patch" (wrote it )?at 20|is missing.*Who removed it is not on/)
      expect(line).toMatch(/make deploy/)
    })

    test('a missing resource is named', () => {
      expect(of('AuthorizationPolicy/signer-allow-probe')).toEqual([
        `AuthorizationPolicy ${namespace}/signer-allow-probe: it is not on the cluster. Run \`make deploy\`, which restores it`,
      ])
    })

    test('no field is named twice', () => {
      // Of an item that was replaced, one is missing and another is there.
      const fields = lines.map((each) => each.replace(/ is (missing)?.*/, ' $1'))
      expect(new Set(fields).size).toBe(fields.length)
    })

    test('what a change opens is said with the field', () => {
      expect(of('PeerAuthentication/signer-require-mtls').join()).toContain(
        'Only STRICT refuses plain text',
      )
    })

    test('what `make deploy` restores and what it leaves is said', async () => {
      const left = lines.filter((each) => each.includes('`make deploy` leaves it'))
      for (const line of left) {
        const [, command = ''] = /To undo it: kubectl (.*)$/.exec(line) ?? []
        const [, args = '', patch = ''] = /^(.*) -p '(.*)'$/.exec(command) ?? []
        // The last first, because each removal moves the items after it.
        expect(args).toMatch(/^patch /)
        expect(JSON.parse(patch)).toHaveLength(1)
      }
      for (const each of ours) await applyResource(each, { options: ['--force-conflicts'] })
      const after = await judge()
      const paths = (found: readonly string[]) =>
        found.map((each) => each.replace(/ is .*/, '')).toSorted()
      expect(paths(after)).toEqual(paths(left))
      for (const line of after.toReversed()) {
        const [, args = '', patch = ''] = /To undo it: kubectl (.*) -p '(.*)'$/.exec(line) ?? []
        await kubectl([...args.split(' '), '-p', patch])
      }
      expect(await judge()).toEqual([])
    })
  })
})
