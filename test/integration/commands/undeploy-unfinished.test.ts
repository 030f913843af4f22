// make undeploy on an API server where something keeps a resource: it ends, says what and why, and removes no finalizer itself.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { run } from '../../../tools/cli/exec.ts'
import { checkDeletions } from '../../../tools/deploy/preflight/deletions.ts'
import { removePods } from '../../../tools/deploy/undeploy/remove-pods.ts'
import { deleteResources } from '../../../tools/kube/deletion/delete-resources.ts'
import { readExisting } from '../../../tools/kube/existing-resources.ts'
import { applyResource, exists, kubectl } from '../../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { type Api, pathOfKind } from '../../../tools/verify/admission/api-server/api.ts'
import { makePod } from '../../../tools/verify/admission/pods.ts'
import { bringValue } from '../../../tools/verify/faults/support/external-secrets-controller.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { installNewestCrds } from '../../support/api-server/external-secrets-crds.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { makeDeployment } from '../../support/application/manifests.ts'
import { runUndeploy } from '../../support/run-undeploy.ts'
import { needsLocalPrograms } from '../../support/skips.ts'
import { allow } from '../../support/slowness.ts'
import { START_MS, WAIT_MS } from '../../support/timeouts.ts'

const known =
  /^(Namespace|ServiceAccount|Service|ConfigMap|ValidatingAdmissionPolicy.*|SecretStore|ExternalSecret)$/
const here = ['-n', namespace]
const name = ['externalsecret', keySecret, ...here]
const secret = ['secret', keySecret, ...here]
const finalizer = 'externalsecrets.external-secrets.io/externalsecret-cleanup'
const bringSecret = () =>
  kubectl(['create', 'secret', 'generic', keySecret, ...here, '--from-literal=key-1=key'])
const setFinalizers = (finalizers: readonly string[]) =>
  kubectl(['patch', ...name, '--type=merge', '-p', JSON.stringify({ metadata: { finalizers } })])
const readFinalizers = () => kubectl(['get', ...name, '-o', 'jsonpath={.metadata.finalizers}'])
/** As External Secrets' chart has it, with a Service that nothing serves. */
const webhook = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'externalsecret-validate' },
  webhooks: [
    {
      name: 'validate.externalsecret.external-secrets.io',
      rules: [
        {
          ...{ apiGroups: ['external-secrets.io'], apiVersions: ['v1'], scope: 'Namespaced' },
          ...{ operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['externalsecrets'] },
        },
      ],
      clientConfig: { service: { namespace: 'external-secrets', name: 'none', path: '/' } },
      ...{ admissionReviewVersions: ['v1'], sideEffects: 'None', timeoutSeconds: 5 },
    },
  ],
}

describe('on an API server', needsLocalPrograms, () => {
  let api: Api
  let resources: Resource[]

  beforeAll(async () => {
    api = (await useBareApiServer()).api
    await installNewestCrds()
    const sample = await renderSample(['external-secrets-aws'])
    resources = sample.resources.filter(({ kind }) => known.test(kind))
  })
  beforeEach(async () => {
    for (const resource of resources) await api.apply(resource)
    await bringValue('{"key-1":"a2V5","primary":"a2V5LTE="}')
  })

  // A failed test must not hold up the next ones.
  afterEach(async () => {
    const { name: left } = webhook.metadata
    await kubectl(['delete', 'validatingwebhookconfiguration', left, '--ignore-not-found'])
    if (await exists(name)) await setFinalizers([])
  })

  const listLeft = async () => {
    const found = await Promise.all(
      resources.map(async (each) => {
        const path = `${pathOfKind(each)}/${each.metadata.name}`
        return (await api.send({ method: 'GET', path })).status === 200 ? [each.kind] : []
      }),
    )
    return [...new Set(found.flat())].toSorted()
  }

  test('with its controller, nothing is said about a finalizer', async () => {
    await setFinalizers([finalizer])
    const undeployed = runUndeploy()
    const deadline = Date.now() + WAIT_MS
    const isDeleted = ['get', ...name, '-o', 'jsonpath={.metadata.deletionTimestamp}']
    while ((await kubectl(isDeleted)) === '' && Date.now() < deadline) await sleep(100)
    await sleep(1_500)
    await setFinalizers([])
    const { code, said } = await undeployed
    expect({ code, said }).toMatchObject({ code: 0 })
    expect(said).not.toMatch(/finalizer|FAIL/)
    expect(said).toContain('the key in its key manager')
  })

  test('without its controller, it ends in seconds, says what it leaves and how to finish, and a second run works', async () => {
    await setFinalizers([finalizer])
    await kubectl(['delete', ...name, '--wait=false'])
    const { code, said, seconds } = await runUndeploy({ DELETE_KEY: 'yes' })
    expect(code).toBe(1)
    expect(seconds).toBeLessThan(allow(45))
    const reason = `ExternalSecret/hmac-key is being deleted. It waits for its finalizer ${finalizer}, which External Secrets has not removed.`
    expect(said).toContain(reason)
    expect(said).toContain('→ Start External Secrets again.')
    expect(said).toContain('→ Then run `make undeploy DELETE_KEY=yes` again.')
    expect(said).not.toContain('timed out')
    await expect(checkDeletions(await readExisting(resources), 500)).rejects.toMatchObject({
      message: reason,
      todo: expect.stringContaining('Then run `make deploy` again'),
    })
    expect(await readFinalizers()).toContain(finalizer)
    expect(await exists(secret)).toBe(false)
    expect(await listLeft()).toEqual([
      ...['ExternalSecret', 'Namespace'],
      ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
    ])
    const [command = ''] = /kubectl patch .*/.exec(said) ?? []
    await run('sh', ['-c', command])
    expect(await exists(name)).toBe(false)
    expect(await runUndeploy()).toMatchObject({ code: 0 })
  })

  test('a webhook that does not answer is named, and the key is not deleted, because External Secrets would write it again', async () => {
    await api.create(webhook as unknown as Resource)
    const refused = ['annotate', ...name, 'a=b', '--overwrite']
    await expect
      .poll(() => kubectl(refused).catch(String), { timeout: START_MS })
      .toMatch(/webhook/)
    const { code, said, seconds } = await runUndeploy({ DELETE_KEY: 'yes' })
    expect(code).toBe(1)
    expect(seconds).toBeLessThan(allow(45))
    expect(said).toContain(
      'the API server does not delete ExternalSecret/hmac-key, because the webhook validate.externalsecret.external-secrets.io does not answer',
    )
    expect(said).not.toContain('the Secret hmac-key is deleted')
    expect(await exists(secret)).toBe(true)
    expect(await listLeft()).toContain('ValidatingAdmissionPolicy')
  })

  test('a Secret that something writes again is not called deleted', async () => {
    await kubectl(['delete', ...name])
    let isOver = false
    const written = (async () => {
      while (!isOver) {
        await sleep(300)
        if (!(await exists(secret))) await bringSecret()
      }
    })()
    const { code, said } = await runUndeploy({ DELETE_KEY: 'yes', FORCE_CONFLICTS: 'yes' })
    isOver = true
    await written
    expect(code).toBe(1)
    expect(said).toContain('something created Secret/hmac-key again after the deletion')
    expect(said).not.toContain('the admission policies are removed')
  })

  const make = (kind: string, metadata = {}): Resource => ({
    ...{ apiVersion: 'v1', kind },
    metadata: { name: 'kept', ...(kind === 'Namespace' ? {} : { namespace }), ...metadata },
  })
  const soon = { patienceMs: 500, again: 'make deploy' }

  test.each([
    'acme.example/protect',
    'resources-finalizer.argocd.argoproj.io/foreground',
    'kubernetes.io/pvc-protection',
  ])(
    'a resource with the finalizer %s of others ends a deletion, and a deployment onto it',
    async (finalizer) => {
      const kept = make('ConfigMap', { finalizers: [finalizer] })
      await applyResource(kept)
      await expect(deleteResources([kept], soon)).rejects.toThrow(
        `ConfigMap/kept is being deleted. It waits for its finalizer ${finalizer}`,
      )
      const existing = await readExisting([kept])
      await expect(checkDeletions(existing, 500)).rejects.toMatchObject({
        message: expect.stringContaining('ConfigMap/kept is being deleted'),
        todo: expect.stringContaining('Then run `make deploy` again'),
      })
      const patch = JSON.stringify({ metadata: { finalizers: [] } })
      await kubectl(['patch', 'configmap', 'kept', ...here, '--type=merge', '-p', patch])
      await checkDeletions(existing, 500)
    },
  )

  // This API server has no controllers.
  test('a namespace and a Deployment that Kubernetes does not finish end a deletion', async () => {
    const kept = make('Namespace')
    await applyResource(kept)
    await expect(deleteResources([kept], soon)).rejects.toThrow(
      'which the namespace controller of Kubernetes has not removed',
    )
    const deployment = makeDeployment()
    const own = { ...deployment, metadata: { ...deployment.metadata, namespace } } as Resource
    await applyResource(own)
    await kubectl(['delete', 'validatingadmissionpolicybindings', '--all'])
    const pod = makePod()
    pod.metadata.finalizers = ['acme.example/a']
    // The API server enforces the policies for a moment longer.
    await vi.waitFor(() => api.create(pod), { timeout: START_MS, interval: 250 })
    await kubectl(['delete', 'pod', pod.metadata.name, ...here, '--now', '--wait=false'])
    await expect(removePods([own], 'make undeploy', soon.patienceMs)).rejects.toMatchObject({
      message: expect.stringMatching(
        /which the garbage collector of Kubernetes has not removed\.\nPod\/\S+ terminates on no node since \S+, and waits for acme\.example\/a$/,
      ),
      todo: expect.stringContaining('Nothing else was removed'),
    })
  })

  // The last one, because this API server never finishes the deletion.
  test('a namespace that is being deleted is not said to stay', async () => {
    await kubectl(['delete', 'namespace', namespace, '--wait=false'])
    const { code, said } = await runUndeploy()
    expect({ code, said }).toMatchObject({ code: 0 })
    expect(said).toContain(`The namespace ${namespace} is being deleted, with everything in it.`)
    expect(said).not.toContain('the key in its key manager')
  })
})
