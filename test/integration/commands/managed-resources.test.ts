// make deploy and make undeploy on an API server where another tool manages some of their resources. Both refuse by name before
// anything changes. What people and the parts of a cluster leave is not refused.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { checkNotManaged, findManaged } from '../../../tools/deploy/preflight/other-writers.ts'
import { applyResource, kubectl } from '../../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../../tools/kube/names.ts'
import { describeResource, parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { type Api, pathOfKind } from '../../../tools/verify/admission/api-server/api.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { renderKnown } from '../../support/api-server/sample.ts'
import { makeFolder } from '../../support/folder.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const known =
  /^(Namespace|ServiceAccount|Service|ConfigMap|Deployment|ValidatingAdmissionPolicy.*)$/
const here = ['-n', namespace]
const policy = 'ValidatingAdmissionPolicy/secure-signing-key-stays-in-signer'
const flux = 'kustomize.toolkit.fluxcd.io/'
const tracking = 'argocd.argoproj.io/tracking-id'

describe('on an API server', needsLocalPrograms, () => {
  let api: Api
  let resources: Resource[]

  beforeAll(async () => {
    api = (await useBareApiServer()).api
    resources = parseResources((await renderKnown([], known)).yaml)
  })
  /** Replaces what the test before has left. */
  beforeEach(async () => {
    const bare = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
    await api.send({ method: 'PUT', path: `/api/v1/namespaces/${namespace}`, body: bare })
    for (const resource of resources) {
      const path = `${pathOfKind(resource)}/${resource.metadata.name}`
      if (resource.kind !== 'Namespace') await api.send({ method: 'DELETE', path })
      await api.apply(resource)
    }
  })

  const find = (name: string) => {
    const found = resources.find((each) => describeResource(each) === name)
    if (found === undefined) throw new Error(`there is no ${name}`)
    return found
  }
  const target = (name: string) => {
    const scope = find(name).metadata.namespace === undefined ? [] : here
    return [name.replace('/', '.').toLowerCase().replace('.', '/'), ...scope]
  }
  const label = (name: string, ...labels: string[]) =>
    kubectl(['label', ...target(name), ...labels])
  const annotate = (name: string, ...marks: string[]) =>
    kubectl(['annotate', ...target(name), ...marks])
  const patch = (name: string, body: unknown) =>
    kubectl(['patch', ...target(name), '--type=merge', '-p', JSON.stringify(body)])
  const applyAs = (manager: string, name: string) =>
    applyResource(find(name), { manager, options: ['--force-conflicts'] })
  const check = async (verb: 'change' | 'delete' = 'change') =>
    checkNotManaged(await findManaged(resources), verb)

  const managed: readonly [string, () => Promise<unknown>, string][] = [
    [
      'Flux by its labels',
      () => label('Deployment/secure-signing', `${flux}name=apps`, `${flux}namespace=flux-system`),
      'Flux Kustomization flux-system/apps manages Deployment/secure-signing (the label',
    ],
    [
      'Flux by its field manager',
      () => applyAs('kustomize-controller', 'Service/frontend'),
      'Flux manages Service/frontend (the field manager kustomize-controller',
    ],
    [
      'Argo CD by its annotation',
      () =>
        annotate(
          'ConfigMap/envoy-admin-allowlist',
          `${tracking}=apps:/ConfigMap:signing/envoy-admin-allowlist`,
        ),
      'Argo CD Application apps manages ConfigMap/envoy-admin-allowlist (the annotation',
    ],
    [
      'Argo CD by its field manager',
      () => applyAs('argocd-controller', policy),
      `Argo CD manages ${policy}`,
    ],
    [
      'Helm',
      async () => {
        await label('Service/frontend', 'app.kubernetes.io/managed-by=Helm')
        await annotate(
          'Service/frontend',
          'meta.helm.sh/release-name=s',
          'meta.helm.sh/release-namespace=t',
        )
      },
      'Helm release t/s manages Service/frontend',
    ],
    ['Terraform', () => applyAs('Terraform', 'Deployment/secure-signing'), 'Terraform manages'],
    ['kapp', () => label(policy, 'kapp.k14s.io/app=1'), `kapp manages ${policy}`],
    [
      'an unknown manager that applies the same values',
      () => applyAs('acme-deployer', 'Deployment/secure-signing'),
      'the field manager acme-deployer manages Deployment/secure-signing',
    ],
    [
      'an unknown owner',
      () =>
        patch('Service/frontend', {
          metadata: {
            ownerReferences: [
              { apiVersion: 'acme.example/v1', kind: 'App', name: 'shop', uid: 'u' },
            ],
          },
        }),
      'App/shop manages Service/frontend (an owner reference',
    ],
    [
      'an unknown label',
      () => label('Service/frontend', 'acme.example/managed-by=shop'),
      'a controller of acme.example manages Service/frontend',
    ],
  ]

  test.each(managed)(
    'what is managed by %s is neither changed nor deleted',
    async (_, leave, message) => {
      await check()
      await leave()
      await expect(check()).rejects.toThrow(message)
      await expect(check('delete')).rejects.toThrow(message)
    },
  )

  const harmless: readonly [string, () => Promise<unknown>][] = [
    [
      'kubectl rollout restart',
      () => kubectl(['rollout', 'restart', ...target('Deployment/secure-signing')]),
    ],
    [
      'kubectl scale',
      () => kubectl(['scale', ...target('Deployment/secure-signing'), '--replicas=3']),
    ],
    ['kubectl edit', () => patch('Deployment/secure-signing', { spec: { minReadySeconds: 7 } })],
    [
      'kubectl annotate',
      () => annotate('Service/frontend', 'team=payments', 'acme.example/owner=payments'),
    ],
    ['kubectl apply on the server side', () => applyAs('kubectl', 'Deployment/secure-signing')],
    ['a Velero restore', () => label('Deployment/secure-signing', 'velero.io/restore-name=daily')],
    [
      'the controllers of Kubernetes',
      () =>
        kubectl([
          'patch',
          ...target('Deployment/secure-signing'),
          '--field-manager=kube-controller-manager',
          '-p',
          '{"metadata":{"annotations":{"deployment.kubernetes.io/revision":"3"}}}',
        ]),
    ],
    [
      'an operator that adds a field of its own',
      () =>
        kubectl([
          'patch',
          ...target('ServiceAccount/secure-signing'),
          '--field-manager=pull-secrets',
          '-p',
          '{"imagePullSecrets":[{"name":"registry"}]}',
        ]),
    ],
    [
      'options of Argo CD',
      () => annotate('Service/frontend', 'argocd.argoproj.io/sync-options=Prune=false'),
    ],
    [
      'the instance label of a platform',
      () => label('Namespace/signing', 'app.kubernetes.io/instance=teams'),
    ],
    [
      'a namespace of Rancher, Flux and Capsule',
      async () => {
        await annotate('Namespace/signing', 'field.cattle.io/projectId=c:p')
        await label('Namespace/signing', `${flux}name=teams`, 'capsule.clastix.io/tenant=signing')
      },
    ],
  ]

  test.each(harmless)('%s is no reason to refuse', async (_, leave) => {
    await leave()
    await expect(check()).resolves.toBeUndefined()
    await expect(check('delete')).resolves.toBeUndefined()
  })

  describe('make undeploy', () => {
    const undeploy = (variables: Record<string, string> = {}) => {
      const none = { DELETE_KEY: '', FORCE_CONFLICTS: '' }
      const env = { ...process.env, ...none, ...variables }
      const program = join(CHECKOUT, 'tools/deploy/undeploy.ts')
      return tryRun('node', [program], { env, timeoutMs: 60_000 })
    }
    const list = async () =>
      kubectl(['get', 'services,configmaps,secrets,deployments', ...here, '-o', 'name'])
    // Without its controllers, this API server does not remove a Deployment in the foreground.
    beforeEach(() => kubectl(['delete', 'deployments', '--all', ...here]))

    test('refuses before it deletes anything, and deletes with FORCE_CONFLICTS=yes', async () => {
      await label('Service/frontend', `${flux}name=apps`, `${flux}namespace=flux-system`)
      const before = await list()
      const { code, stderr } = await undeploy()
      expect(stderr).toContain('Flux Kustomization flux-system/apps manages Service/frontend')
      expect(stderr).toContain('→ Remove them in the Git repository that it applies.')
      expect(code).toBe(1)
      expect(await list()).toBe(before)
      expect(await undeploy({ FORCE_CONFLICTS: 'yes' })).toMatchObject({ code: 0 })
      expect(await list()).not.toContain('service/frontend')
    })

    test('names all missing permissions before it deletes anything', async () => {
      const reads = ['--verb=get,list', '--resource=namespaces,services,deployments.apps']
      await kubectl(['create', 'clusterrole', 'reader', ...reads])
      const binding = ['clusterrolebinding', 'reader', '--clusterrole=reader', '--user=reader']
      await kubectl(['create', ...binding])
      const path = join(await makeFolder(), 'kubeconfig')
      const config = parse(await readFile(process.env.KUBECONFIG ?? '', 'utf8'))
      config.users[0].user.as = 'reader'
      await writeFile(path, stringify(config), { mode: 0o600 })
      const before = await list()
      const { code, stderr } = await undeploy({ KUBECONFIG: path })
      expect(stderr).toContain('delete services in signing')
      expect(stderr).toContain('get, delete configmaps in signing')
      expect(code).toBe(1)
      expect(await list()).toBe(before)
    })

    test('leaves a resource of the same name that make deploy did not apply', async () => {
      await kubectl(['delete', 'service', 'frontend', ...here])
      await kubectl(['create', 'service', 'clusterip', 'frontend', '--tcp=80', ...here])
      const { code, stderr } = await undeploy()
      expect(stderr).toContain(
        'note  left alone, because make deploy did not apply it: Service/frontend',
      )
      expect(code).toBe(0)
      expect(await list()).toBe('service/frontend\n')
    })

    test('deletes what was applied by hand, because it has our label', async () => {
      await kubectl(['delete', 'service', 'frontend', ...here])
      await applyAs('kubectl', 'Service/frontend')
      expect(await undeploy()).toMatchObject({ code: 0 })
      expect(await list()).toBe('')
    })

    test('deletes the key only if nothing would restore it, and leaves a namespace of others', async () => {
      await kubectl(['create', 'secret', 'generic', keySecret, ...here, '--from-literal=key-1=k'])
      await kubectl([
        'annotate',
        'secret',
        keySecret,
        ...here,
        'sealedsecrets.bitnami.com/managed=true',
      ])
      await label('Namespace/signing', `${flux}name=teams`)
      const before = await list()
      const refused = await undeploy({ DELETE_KEY: 'yes' })
      expect(refused.stderr).toContain('Sealed Secrets manages Secret/hmac-key')
      expect(await list()).toBe(before)
      await kubectl([
        'annotate',
        'secret',
        keySecret,
        ...here,
        'sealedsecrets.bitnami.com/managed-',
      ])
      const { code, stderr } = await undeploy({ DELETE_KEY: 'yes' })
      expect(stderr).toContain(
        'The namespace signing stays, because Flux Kustomization teams manages',
      )
      expect(code).toBe(0)
      expect(await list()).toBe('')
    })
  })
})
