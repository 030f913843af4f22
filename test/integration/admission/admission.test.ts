// Attacks 25 and 26: on a real API server, only the released signer gets the key, and nobody enters it.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { applyRendering, dryRun } from '../../../tools/deploy/apply/apply.ts'
import { checkPoliciesInEffect } from '../../../tools/deploy/preflight/admission.ts'
import { separatePods } from '../../../tools/kube/layouts.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { attemptCase } from '../../../tools/verify/admission/attempt.ts'
import { admissionCases } from '../../../tools/verify/admission/cases/cases.ts'
import type { ResourceChange } from '../../../tools/verify/admission/change-resource.ts'
import { asPod } from '../../../tools/verify/admission/pods.ts'
import { testAdmission } from '../../support/admission/table-tests.ts'
import {
  type GuardedApiServer,
  startGuardedApiServer,
} from '../../support/api-server/guarded-api-server.ts'
import { injectProxy } from '../../support/api-server/inject.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const page = await readFile(join(CHECKOUT, 'docs/operations.md'), 'utf8')

describe('the API server', needsLocalPrograms, () => {
  let guarded: GuardedApiServer

  beforeAll(async () => {
    guarded = await startGuardedApiServer()
  })

  testAdmission(() => guarded.target)

  test('allows scaling down an older release whose Pods the policies refuse', async () => {
    const patch = ['patch', 'replicaset', 'older-release', '-n', namespace, '--dry-run=server']
    await guarded.call([...patch, '-p', '{"spec":{"replicas":0}}'])
    const other = '{"spec":{"template":{"metadata":{"labels":{"release":"older"}}}}}'
    await expect(guarded.call([...patch, '-p', other])).rejects.toThrow('variables named SIGNER_*')
  })

  test('judges only what changes at a Pod that was created before the policy', async () => {
    const binding = 'secure-signing-no-way-around-proxy'
    const older = structuredClone(asPod(parseResources(guarded.rendering.yaml), 'older-pod'))
    const excluded = 'traffic.sidecar.istio.io/excludeOutboundIPRanges'
    Object.assign(older.metadata.annotations ?? {}, { [excluded]: '169.254.169.254/32' })
    await guarded.call(['delete', 'validatingadmissionpolicybinding', binding])
    await vi.waitFor(() => guarded.api.create(older), { timeout: 15_000, interval: 250 })
    await guarded.applyPolicies()
    const inForce = admissionCases.find(({ refusedBy }) => binding.endsWith(refusedBy))
    if (inForce !== undefined) await guarded.waitForJudge(inForce.attempt, inForce.refusedBy)
    const pod = ['pod', 'older-pod', '-n', namespace, '--overwrite']
    const widen = guarded.call(['annotate', ...pod, `${excluded}=0.0.0.0/0`])
    await expect(widen).rejects.toThrow('can lead traffic around the proxy')
    await guarded.call(['label', ...pod, 'team=x'])
    await guarded.call(['annotate', ...pod, `${excluded}-`])
    await guarded.call([
      'delete',
      'pod',
      'older-pod',
      '-n',
      namespace,
      '--grace-period=0',
      '--force',
    ])
  })

  test('lets only controllers create a Pod with the key and a proxy', async () => {
    const [user, controller] = ['editor', 'system:serviceaccount:kube-system:replicaset-controller']
    const binding = [
      'clusterrolebinding',
      'editors',
      '--clusterrole=cluster-admin',
      `--user=${user}`,
    ]
    await guarded.call(['create', ...binding, `--user=${controller}`])
    const rendering = await renderSample()
    const pod = asPod(await injectProxy(rendering, true), 'injected')
    const create = (as: string) => guarded.call(['create', '-f', '-', `--as=${as}`], pod)
    await vi.waitFor(
      () => expect(create(user)).rejects.toThrow('only a controller may create a Pod with the key'),
      { timeout: 15_000, interval: 250 },
    )
    await create(controller)
    await guarded.call(['delete', 'pod', 'injected', '-n', namespace, '--grace-period=0'])
  })

  describe.each([
    { form: 'as an ordinary container', native: false },
    { form: 'as a native sidecar', native: true },
  ])("with Istio's proxy $form", ({ native }) => {
    const attempt = async (change: (yaml: string) => string, components: string[] = []) => {
      const rendering = await renderSample(components)
      const injected = await injectProxy({ ...rendering, yaml: change(rendering.yaml) }, native)
      // Without the annotations: what Istio injected decides.
      const pod = Object(asPod(injected, 'injected').spec)
      return attemptCase(guarded.target, { does: 'make', pod })
    }

    test('allows our Pod', async () => {
      expect(await attempt((yaml) => yaml)).toMatchObject({ isAllowed: true })
      const all = ['deployer', 'high-availability', 'autoscaling']
      expect(await attempt((yaml) => yaml, all)).toMatchObject({ isAllowed: true })
    })

    test('refuses a proxy that an annotation makes mount the key', async () => {
      const { said } = await attempt((yaml) =>
        yaml.replace('{"signer-socket":', '{"hmac-key": {"mountPath": "/k"}, "signer-socket":'),
      )
      expect(said).toContain('only the container signer may mount the Secret hmac-key, not istio-')
    })
  })

  describe('with frontend and signer in separate Pods', () => {
    let pods: Record<'frontend' | 'signer', Resource>
    beforeAll(async () => {
      const rendering = await renderSample([], separatePods)
      const injected = await injectProxy(rendering, true)
      const pod = (name: string) => asPod(injected, name, name)
      pods = { frontend: pod('frontend'), signer: pod('signer') }
      const accounts = parseResources(rendering.yaml).filter(
        ({ kind }) => kind === 'ServiceAccount',
      )
      await Promise.all(accounts.map(guarded.api.apply))
    })
    const attempt = (name: keyof typeof pods, ...changes: ResourceChange[]) =>
      attemptCase(guarded.target, { does: 'make', pod: Object(pods[name].spec), changes })
    const keyVolume = { name: 'hmac-key', secret: { secretName: 'hmac-key' } }
    const keyMount = { name: 'hmac-key', mountPath: '/run/key', readOnly: true }
    const option = { name: 'NODE_OPTIONS', value: '--import=x' }

    test.each(['frontend', 'signer'] as const)('allows the Pod of the %s', async (name) => {
      expect(await attempt(name)).toMatchObject({ isAllowed: true })
    })

    test.each<[string, keyof typeof pods, string, ...ResourceChange[]]>([
      [
        'the key in the frontend',
        'frontend',
        'only the container signer may mount the Secret hmac-key, not frontend',
        ['spec.volumes.+', keyVolume],
        ['spec.containers.0.volumeMounts.+', keyMount],
      ],
      [
        "the key in the signer's proxy",
        'signer',
        'only the container signer may mount the Secret hmac-key, not istio-proxy',
        ['spec.initContainers.1.volumeMounts.+', keyMount],
      ],
      [
        "another image than the Deployment's",
        'signer',
        'the signer runs an image of registry.example/team/signer',
        ['spec.containers.0.image', 'thief.example/signer:1'],
      ],
      [
        'options for Node',
        'signer',
        'the signer takes only variables named SIGNER_*',
        ['spec.containers.0.env.+', option],
      ],
      [
        'a shared process namespace',
        'signer',
        'shareProcessNamespace shows each container the files',
        ['spec.shareProcessNamespace', true],
      ],
    ])('refuses %s', async (_, name, saying, ...changes) => {
      expect((await attempt(name, ...changes)).said).toContain(saying)
    })
  })

  describe('after the documented break glass command', () => {
    const command = /(?<=^ +kubectl )delete validatingadmissionpolicybinding/m.exec(page)?.[0] ?? ''
    const bindings = [...page.matchAll(/\| `(secure-signing-.*)` \|$/gm)].map(
      ([, name = '']) => name,
    )
    const first = (name: string) =>
      admissionCases.find(({ refusedBy }) => name.endsWith(refusedBy)) as (typeof admissionCases)[0]

    test('which the page gives for every binding', () => {
      const found = parseResources(guarded.rendering.yaml).filter(({ kind }) =>
        kind.endsWith('PolicyBinding'),
      )
      expect(bindings.toSorted()).toEqual(found.map(({ metadata }) => metadata.name).toSorted())
    })

    test.each(bindings)('allows only what %s refuses', async (name) => {
      const { attempt, refusedBy } = first(name)
      await guarded.call([...command.split(' '), name])
      try {
        await guarded.waitForJudge(attempt, 'nobody')
        for (const other of bindings.filter((each) => each !== name).map(first)) {
          expect(await guarded.judge(other.attempt)).toBe(other.refusedBy)
        }
      } finally {
        await guarded.applyPolicies()
        await guarded.waitForJudge(attempt, refusedBy)
      }
    })
  })

  describe('for make deploy', () => {
    beforeEach(() => {
      vi.stubEnv('KUBECONFIG', guarded.kubeconfig)
    })
    afterEach(() => {
      vi.unstubAllEnvs()
    })
    const rewrite = async (from: string, to: string) => {
      const path = guarded.rendering.path.replace('rendered', 'rewritten')
      const yaml = guarded.rendering.yaml.replaceAll(from, to)
      await writeFile(path, yaml)
      return { path, yaml }
    }

    test('allows another registry, together with the policy for it', async () => {
      const moved = await rewrite('registry.example/team', 'localhost:5000/other')
      await dryRun(moved)
      try {
        const changed = ['Deployment/secure-signing', expect.stringMatching(/-as-released$/)]
        expect((await applyRendering(moved)).sort()).toEqual(changed)
      } finally {
        await applyRendering(guarded.rendering)
        await guarded.waitForJudge({ does: 'make' }, 'nobody')
      }
      expect(await applyRendering(guarded.rendering)).toEqual([])
    })

    test('keeps a pull secret of the ServiceAccount', async () => {
      const account = ['serviceaccount', 'secure-signing', '-n', namespace]
      const secrets = '{"imagePullSecrets": [{"name": "registry-login"}]}'
      await guarded.call(['patch', ...account, '-p', secrets])
      expect(await applyRendering(guarded.rendering)).toEqual([])
      const path = 'jsonpath={.imagePullSecrets[*].name}'
      expect(await guarded.call(['get', ...account, '-o', path])).toBe('registry-login')
      await guarded.call(['patch', ...account, '-p', '{"imagePullSecrets": null}'])
    })

    test('refuses what the new policies refuse, too', async () => {
      const broken = await rewrite('SIGNER_SOCKET', 'NODE_OPTIONS')
      await expect(dryRun(broken)).rejects.toThrow('variables named SIGNER_*')
    })

    test('shows whether the policies have an effect', async () => {
      await checkPoliciesInEffect()
      const binding = 'secure-signing-key-stays-in-signer'
      await guarded.call(['delete', 'validatingadmissionpolicybinding', binding])
      try {
        const saysNo = () =>
          expect(checkPoliciesInEffect(0)).rejects.toThrow('the policies have no effect')
        await vi.waitFor(saysNo, { timeout: 15_000, interval: 250 })
      } finally {
        await guarded.applyPolicies()
        await checkPoliciesInEffect()
      }
    })
  })

  test('gives the role deployer the rights to deploy, and not the key', async () => {
    const role = await readFile(
      join(CHECKOUT, 'k8s/components/deployer/deployer-role.yaml'),
      'utf8',
    )
    await Promise.all(parseResources(role).map(guarded.api.apply))
    const binding = ['rolebinding', 'deployers', '-n', namespace, '--user=deployer']
    await guarded.call(['create', ...binding, '--role=deployer'])
    // kubectl ends with 1 if the answer is "no".
    const may = (...what: string[]) =>
      guarded.call(['auth', 'can-i', ...what, '-n', namespace, '--as=deployer']).then(
        (said) => said.trim(),
        () => 'no',
      )
    expect(await may('patch', 'deployments.apps')).toBe('yes')
    expect(await may('create', 'pods', '--subresource=exec')).toBe('yes')
    expect(await may('get', 'secrets')).toBe('no')
    expect(await may('list', 'secrets')).toBe('no')
    expect(await may('create', 'serviceaccounts', '--subresource=token')).toBe('no')
    expect(await may('create', 'rolebindings.rbac.authorization.k8s.io')).toBe('no')
  })
})
