// Several applications on one API server: each has its namespace, one signer is in each, and undeploying one leaves the others.
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { renderApplication } from '../../../tools/deploy/application/render-application.ts'
import { checkNamespaceUse } from '../../../tools/deploy/preflight/namespace-use.ts'
import { application } from '../../../tools/kube/application.ts'
import { applyResource, kubectl } from '../../../tools/kube/kubectl.ts'
import { layouts, separatePods } from '../../../tools/kube/layouts.ts'
import { namespace } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { makeDeployment, plain, writeFiles } from '../../support/application/manifests.ts'
import { makeFolder } from '../../support/folder.ts'
import { composeOwnApplication } from '../../support/own-application.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const signer = { 'secure-signing.dev/signer': 'true' }
const make = (apiVersion: string, kind: string, metadata: object, content: object = {}) => ({
  ...{ apiVersion, kind, metadata, ...content },
})
const rule = { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }
const policy = (name: string) =>
  make(
    'admissionregistration.k8s.io/v1',
    'ValidatingAdmissionPolicy',
    { name },
    {
      spec: { validations: [{ expression: 'true' }], matchConstraints: { resourceRules: [rule] } },
    },
  )
const deploymentIn = (where: string, name = 'orders', labels = {}) => {
  const deployment = makeDeployment()
  return { ...deployment, metadata: { name, namespace: where, labels } }
}
const claim = make(
  'v1',
  'PersistentVolumeClaim',
  { name: 'data' },
  {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  },
)
const daemon = (where: string) => {
  const labels = { app: 'profiles' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a' }] } }
  return make(
    'apps/v1',
    'DaemonSet',
    { name: 'seccomp-profiles', namespace: where },
    {
      spec: { selector: { matchLabels: labels }, template },
    },
  )
}

test.each(layouts.filter((each) => each !== separatePods))(
  'our own application in the overlay $overlay is what its manifests say',
  async (layout) => {
    const folder = await makeFolder()
    const found = await renderApplication(application, { folder, layout, components: [] })
    expect(found).toEqual(composeOwnApplication(layout))
  },
)

describe('on an API server', needsLocalPrograms, () => {
  let kubeconfig: string

  beforeAll(async () => {
    kubeconfig = (await useBareApiServer()).kubeconfig
    for (const name of ['orders', 'shop', 'seccomp-profiles']) {
      await applyResource(make('v1', 'Namespace', { name }))
    }
  })
  beforeEach(async () => {
    const all = [
      'deployments,services,serviceaccounts,daemonsets',
      '--all',
      '--now',
      '--wait=false',
    ]
    for (const where of ['orders', 'shop', 'seccomp-profiles', namespace]) {
      await kubectl(['delete', ...all, '-n', where])
    }
  })

  async function undeploy(
    resources: readonly object[],
    changes: Record<string, unknown> = {},
    variables = {},
  ) {
    const file = await writeFiles(resources, changes)
    const env = { ...process.env, KUBECONFIG: kubeconfig, CONFIG: file, ...variables }
    const program = join(CHECKOUT, 'tools/deploy/undeploy.ts')
    const { code, stderr } = await tryRun('node', [program], { env, timeoutMs: 60_000 })
    return { code, said: stderr }
  }
  const list = async (kinds: string, where: string) =>
    (await kubectl(['get', kinds, '-n', where, '-o', 'name'])).trim().split('\n')

  test('undeploy removes what belongs to one application, and leaves data', async () => {
    const [, account, service] = plain
    const mine = [account, service, claim].map((each) => ({
      ...each,
      metadata: { ...each?.metadata, namespace: 'orders' },
    }))
    for (const resource of mine) await applyResource(resource)
    for (const name of ['orders', 'shop'])
      await applyResource(policy(`secure-${name}-key-stays-in-signer`))
    await applyResource(deploymentIn('shop', 'shop', signer))
    await applyResource(daemon('seccomp-profiles'))
    const found = await undeploy([...plain, claim], {}, { DELETE_KEY: 'yes' })
    expect(found.said).toContain('left alone, because it holds data: PersistentVolumeClaim/data')
    expect(found.said).toContain(
      'DaemonSet/seccomp-profiles stays, because other applications use them: shop/shop',
    )
    expect(found).toMatchObject({ code: 0 })
    expect(await list('services,serviceaccounts,persistentvolumeclaims', 'orders')).toEqual([
      'persistentvolumeclaim/data',
    ])
    expect(await list('deployments', 'shop')).toEqual(['deployment.apps/shop'])
    const policies = (await kubectl(['get', 'validatingadmissionpolicies', '-o', 'name'])).trim()
    expect(policies.split('\n')).toEqual([
      'validatingadmissionpolicy.admissionregistration.k8s.io/secure-shop-key-stays-in-signer',
    ])
  })

  test.each([{}, { signaturesPerSecond: 5 }])(
    'undeploy reads a signing.yaml with the limits %j',
    async (limits) => {
      const [, account] = plain
      const metadata = { ...account?.metadata, namespace: 'orders' }
      await applyResource({ ...account, metadata } as Resource)
      const found = await undeploy(plain, { limits, apiToken: ['web'], egress: ['mail/*'] })
      expect(found.said).not.toContain('unable to find field')
      expect(found).toMatchObject({ code: 0 })
      expect(await list('serviceaccounts', 'orders')).toEqual([''])
    },
  )

  test('the last application takes along what all use', async () => {
    await applyResource(daemon('seccomp-profiles'))
    const { said } = await undeploy(plain)
    expect(said).not.toContain('stays, because')
    expect(await list('daemonsets', 'seccomp-profiles')).toEqual([''])
  })

  test('undeploy leaves a namespace that others share', async () => {
    const { said } = await undeploy(plain, { sharedNamespace: true }, { DELETE_KEY: 'yes' })
    expect(said).toContain('The namespace orders stays, because others share it.')
  })

  const namespaceOfOurs = (labels = {}): Resource => ({
    ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
  })
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' }

  test.each([
    [
      'another signer',
      deploymentIn(namespace, 'other', signer),
      'Deployment/other in namespace signing has a signer already',
    ],
    [
      'another workload',
      deploymentIn(namespace, 'other'),
      'the namespace signing has other workloads, and make deploy would set',
    ],
  ])('%s in the namespace is refused by name', async (_, workload, expected) => {
    await applyResource(namespaceOfOurs())
    await applyResource(workload)
    await expect(checkNamespaceUse([namespaceOfOurs(restricted)])).rejects.toThrow(expected)
  })

  test.each<[string, object[], Resource[]]>([
    [
      'its own workloads',
      [deploymentIn(namespace, 'mine')],
      [deploymentIn(namespace, 'mine') as Resource],
    ],
    ['our own signer', [deploymentIn(namespace, 'secure-signing', signer)], []],
  ])('%s in the namespace are not refused', async (_, workloads, resources) => {
    await applyResource(namespaceOfOurs())
    for (const each of workloads) await applyResource(each)
    await checkNamespaceUse([namespaceOfOurs(restricted), ...resources])
  })

  test('other workloads are not refused in a namespace that has the labels already', async () => {
    await applyResource(namespaceOfOurs(restricted))
    await applyResource(deploymentIn(namespace, 'other'))
    await checkNamespaceUse([namespaceOfOurs(restricted)])
  })
})
