// istiod is read wherever it is, and as far as the user may read it. What cannot be read is a note.
import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { readIstioResources } from '../../../tools/analyze/live/read-others.ts'
import { readControlPlane } from '../../../tools/kube/control-plane.ts'
import {
  checkCniPlugin,
  checkIstioVersion,
  readTrustDomain,
} from '../../../tools/kube/istio-checks.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { findInjector } from '../../../tools/kube/sidecar-injector.ts'
import type { ApiServer } from '../../../tools/verify/admission/api-server/api-server.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { installIstioCrds } from '../../support/api-server/istio-crds.ts'
import { makeFolder } from '../../support/folder.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const apply = (...items: object[]) =>
  kubectl(['apply', '--server-side', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  })
const configMap = (name: string, namespace: string, data: object) => ({
  ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data },
})
const namespaceOf = (name: string, labels = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
})

/** As the charts of Istio install it, and as the add-ons of AKS and GKE do. */
function makeWebhook(revision: string, clientConfig: object, label = revision) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `injector-${label}`, labels: { 'istio.io/rev': revision } },
    webhooks: [
      {
        name: 'rev.namespace.sidecar-injector.istio.io',
        ...{ clientConfig, sideEffects: 'None', admissionReviewVersions: ['v1'] },
        namespaceSelector: {
          matchExpressions: [{ key: 'istio.io/rev', operator: 'In', values: [label] }],
        },
        rules: [
          { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] },
        ],
        failurePolicy: 'Ignore',
      },
    ],
  }
}

function makeIstiod(revision: string, namespace: string, image: string, env: object[] = []) {
  const labels = { app: 'istiod', 'istio.io/rev': revision }
  const containers = [{ name: 'discovery', image, env }]
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'istiod', namespace, labels },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  }
}
const cni = JSON.stringify({
  pilot: { cni: { enabled: true } },
  global: { tag: '1.30.5-distroless' },
})

describe('the control plane', needsLocalPrograms, () => {
  let server: ApiServer
  let said: string[]

  beforeAll(async () => {
    server = await useBareApiServer()
    await installIstioCrds('1.32.0')
    await apply(
      ...['istio-system', 'aks-istio-system', 'signing', 'edge'].map((name) => namespaceOf(name)),
    )
  })
  beforeEach(async () => {
    said = []
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
    await kubectl(['delete', 'mutatingwebhookconfigurations', '--all'])
  })
  afterAll(() => vi.restoreAllMocks())

  test('of the add-on of AKS is read in its namespace, with the configuration of its users', async () => {
    const revision = 'asm-1-30'
    const where = 'aks-istio-system'
    await apply(
      makeWebhook(revision, { service: { name: `istiod-${revision}`, namespace: where } }),
      makeIstiod(revision, where, 'mcr.example/istio/pilot:1.30.4-distroless', [
        { name: 'SHARED_MESH_CONFIG', value: `istio-shared-configmap-${revision}` },
      ]),
      configMap(`istio-${revision}`, where, { mesh: 'rootNamespace: aks-istio-system' }),
      configMap(`istio-shared-configmap-${revision}`, where, {
        mesh: 'discoverySelectors: [{matchLabels: {mesh: enabled}}]',
      }),
      configMap(`istio-sidecar-injector-${revision}`, where, { values: cni }),
    )
    const found = await readControlPlane(await findInjector(undefined))
    expect(found).toMatchObject({
      injector: { label: revision, namespace: where },
      meshSource: `${where}/istio-${revision}`,
      mesh: { rootNamespace: where, discoverySelectors: [{ matchLabels: { mesh: 'enabled' } }] },
    })
    expect(await checkIstioVersion(found)).toBe('1.30.4-distroless')
    expect(() => checkCniPlugin(found)).not.toThrow()
    expect(said.join('')).toBe('')
  })

  test('outside the cluster has notes and no errors, and the gateway shows the trust domain', async () => {
    const url = 'https://istiod.example:15017/inject'
    const container = {
      name: 'istio-proxy',
      image: 'i',
      env: [{ name: 'TRUST_DOMAIN', value: 'p.svc.id.goog' }],
    }
    const metadata = { name: 'default', namespace: 'edge' }
    await apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
    await apply(makeWebhook('asm-managed', { url }), {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'gateway', namespace: 'edge' } },
      spec: { containers: [container], automountServiceAccountToken: false },
    })
    const found = await readControlPlane(await findInjector('asm-managed'))
    expect(found).toMatchObject({ injector: { url }, istiod: undefined, mesh: undefined })
    expect(await checkIstioVersion(found)).toBe('asm-managed')
    expect(() => checkCniPlugin(found)).not.toThrow()
    expect(await readTrustDomain(found, 'edge')).toBe('p.svc.id.goog')
    expect(said.join('')).toContain(`istiod is outside this cluster, at ${url}`)
    expect(said.join('')).toContain("Istio's exact version is unknown")
  })

  test('has its mesh configuration in the only namespace with a ConfigMap of its name', async () => {
    await apply(
      makeWebhook('remote', { url: 'https://istiod.example/inject' }),
      configMap('istio-remote', 'edge', { mesh: 'trustDomain: mesh.example' }),
    )
    const found = await readControlPlane(await findInjector('remote'))
    expect(found).toMatchObject({
      mesh: { trustDomain: 'mesh.example' },
      meshSource: 'edge/istio-remote',
    })
  })

  test('named by digest has the version of the injector', async () => {
    await apply(
      makeWebhook('default', { service: { name: 'istiod', namespace: 'istio-system' } }),
      makeIstiod('default', 'istio-system', `registry.example/pilot@sha256:${'0'.repeat(64)}`),
      configMap('istio', 'istio-system', { mesh: '' }),
      configMap('istio-sidecar-injector', 'istio-system', { values: cni }),
    )
    const found = await readControlPlane(await findInjector(undefined))
    expect(await checkIstioVersion(found)).toBe('1.30.5-distroless')
  })

  test('of a version that is too old is refused, with the patch of its line', async () => {
    await apply(
      makeWebhook('default', { service: { name: 'istiod', namespace: 'istio-system' } }),
      makeIstiod('default', 'istio-system', 'registry.example/pilot:1.29.6'),
    )
    const found = await readControlPlane(await findInjector(undefined))
    await expect(checkIstioVersion(found)).rejects.toMatchObject({
      message: expect.stringContaining('Istio 1.29.6 is too old'),
      todo: expect.stringContaining('1.29.7'),
    })
  })

  describe('for a user who may read only our namespace', () => {
    beforeAll(async () => {
      const subjects = [{ kind: 'User', name: 'deployer', apiGroup: 'rbac.authorization.k8s.io' }]
      const rule = {
        apiGroups: ['security.istio.io', 'networking.istio.io'],
        resources: ['*'],
        verbs: ['*'],
      }
      const bind = (kind: string, roleKind: string, name: string, namespace?: string) => ({
        ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name, namespace } },
        ...{ subjects, roleRef: { kind: roleKind, name, apiGroup: 'rbac.authorization.k8s.io' } },
      })
      const role = (kind: string, name: string, rules: object[], namespace?: string) => ({
        ...{
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind,
          metadata: { name, namespace },
          rules,
        },
      })
      const webhooks = {
        ...{ apiGroups: ['admissionregistration.k8s.io'], verbs: ['get', 'list'] },
        resources: ['mutatingwebhookconfigurations'],
      }
      const namespaces = { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] }
      await apply(
        role('Role', 'deployer', [rule], 'signing'),
        bind('RoleBinding', 'Role', 'deployer', 'signing'),
        role('ClusterRole', 'webhooks', [webhooks, namespaces]),
        bind('ClusterRoleBinding', 'ClusterRole', 'webhooks'),
        {
          ...{ apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication' },
          ...{
            metadata: { name: 'theirs', namespace: 'signing' },
            spec: { mtls: { mode: 'DISABLE' } },
          },
        },
      )
    })

    /** The kubeconfig's user impersonates. */
    async function asDeployer<T>(work: () => Promise<T>): Promise<T> {
      const text = await kubectl(['config', 'view', '--raw', '-o', 'json'])
      const config = JSON.parse(text)
      for (const { user } of config.users) user.as = 'deployer'
      const path = `${await makeFolder()}/kubeconfig`
      await writeFile(path, JSON.stringify(config))
      vi.stubEnv('KUBECONFIG', path)
      try {
        return await work()
      } finally {
        vi.stubEnv('KUBECONFIG', server.kubeconfig)
      }
    }

    test('is not read, with a note, and the checks go on', async () => {
      await apply(
        makeWebhook('default', { service: { name: 'istiod', namespace: 'istio-system' } }),
      )
      await asDeployer(async () => {
        const found = await readControlPlane(await findInjector(undefined))
        expect(found).toMatchObject({ istiod: undefined, mesh: undefined, injection: {} })
        expect(await checkIstioVersion(found)).toBe('default')
        expect(await readTrustDomain(found, 'edge')).toBe('cluster.local')
      })
      expect(said.join('')).toContain('cannot be read')
    })

    test('has its resources read in our namespace, with a note about the others', async () => {
      const found = await asDeployer(() => readIstioResources(['signing', 'istio-system']))
      expect(found.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
        'PeerAuthentication/theirs',
      ])
      expect(said.join('')).toMatch(/may not read .*peerauthentications.* in istio-system/)
    })
  })
})
