// make deploy on unsuitable clusters. It says what is wrong and what to do, and changes nothing.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { defaultPrefix } from '../../../tools/images/image-references.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { KUBECONFIG } from '../../../tools/local-cluster/paths.ts'
import { startBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { makeFolder } from '../../support/folder.ts'
import { needsLocalCluster } from '../../support/skips.ts'

const program = join(CHECKOUT, 'tools/deploy/deploy.ts')

const readerRole = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'signing-test-reader' },
  rules: [
    { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] },
    { nonResourceURLs: ['*'], verbs: ['get'] },
  ],
}
const readerBinding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'signing-test-reader' },
  roleRef: {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: 'signing-test-reader',
  },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'signing-test-reader' }],
}

/** Runs make deploy with the images of the local cluster, unless `variables` name others. */
async function deploy(kubeconfig: string, variables: Record<string, string> = {}) {
  const given = {
    KUBECONFIG: kubeconfig,
    IMAGE_PREFIX: defaultPrefix,
    COMPONENTS: '',
    ...variables,
  }
  const env = { ...process.env, ...given }
  const { code, stdout, stderr } = await tryRun('node', [program], { env, timeoutMs: 60_000 })
  return { code, stdout, said: stderr }
}

describe('make deploy without a cluster', () => {
  test('says that KUBECONFIG names no cluster', async () => {
    const { code, said } = await deploy(join(await makeFolder(), 'nowhere'))
    expect(code).toBe(1)
    expect(said).toContain('KUBECONFIG names no cluster')
    expect(said).toContain('nothing was changed')
  })

  test('says that the cluster of KUBECONFIG is not reachable', async () => {
    const path = join(await makeFolder(), 'closed')
    const cluster = { server: 'https://127.0.0.1:1' }
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
      clusters: [{ name: 'c', cluster }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user: { token: 'of-nobody' } }],
    }
    await writeFile(path, stringify(config))
    const { code, said } = await deploy(path)
    expect(code).toBe(1)
    expect(said).toContain('the cluster is not reachable')
    expect(said).toContain('nothing was changed')
  })
})

describe('make deploy for a user who may only read', needsLocalCluster, () => {
  beforeAll(async () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [readerRole, readerBinding] }
    await kubectl(['apply', '-f', '-'], { input: JSON.stringify(list) })
  })
  afterAll(async () => {
    const name = 'signing-test-reader'
    await kubectl(['delete', `clusterrole/${name}`, `clusterrolebinding/${name}`])
  })

  test('names all missing permissions', async () => {
    const path = join(await makeFolder(), 'reader')
    const config = parse(await readFile(KUBECONFIG, 'utf8'))
    config.users[0].user.as = 'signing-test-reader'
    await writeFile(path, stringify(config), { mode: 0o600 })
    const { code, said } = await deploy(path)
    expect(code).toBe(1)
    expect(said).toContain('patch, create authorizationpolicies.security.istio.io in signing')
    expect(said).toContain('patch, create deployments.apps in signing')
    expect(said).toContain('create secrets in signing')
    expect(said).toContain('nothing was changed')
  })
})

describe('make deploy on a cluster without Istio', needsLocalCluster, () => {
  let bare: Awaited<ReturnType<typeof startBareApiServer>>
  beforeAll(async () => {
    bare = await startBareApiServer()
  })

  test('says so, and does not create the namespace', async () => {
    const { code, said } = await deploy(bare.kubeconfig)
    expect(code).toBe(1)
    expect(said).toContain('Istio is not installed on this cluster')
    expect(said).toContain('istioctl install')
    expect(said).toContain('nothing was changed')
    const namespaces = await kubectl(['--kubeconfig', bare.kubeconfig, 'get', 'namespaces'])
    expect(namespaces).toContain('kube-system')
    expect(namespaces).not.toContain('signing')
  })

  test('make smoke says that nothing is deployed', async () => {
    const env = { ...process.env, KUBECONFIG: bare.kubeconfig }
    const smoke = join(CHECKOUT, 'tools/deploy/smoke.ts')
    const { code, stderr } = await tryRun('node', [smoke], { env, timeoutMs: 60_000 })
    expect(code).toBe(1)
    expect(stderr).toBe('nothing is deployed in namespace signing\n  → Run `make deploy`.\n')
  })
})

describe('make deploy with AppArmor, without a labeled node', needsLocalCluster, () => {
  test('says so, and what to do', async () => {
    const { code, said } = await deploy(KUBECONFIG, { COMPONENTS: 'apparmor' })
    expect(code).toBe(1)
    expect(said).toContain('no node has the label secure-signing.dev/apparmor=enforced')
    expect(said).toContain('kubectl label node NAME secure-signing.dev/apparmor=enforced')
    expect(said).toContain('nothing was changed')
  })
})

describe('make deploy on a suitable cluster', needsLocalCluster, () => {
  const readAll = () =>
    kubectl(['get', 'deployment,authorizationpolicy,secret,namespace', '-A', '-o', 'yaml'])

  test('without IMAGE_PREFIX fails, and names the deployed prefix', async () => {
    const before = await readAll()
    const { code, said } = await deploy(KUBECONFIG, { IMAGE_PREFIX: '' })
    expect(code).toBe(1)
    expect(said).toContain(`make deploy IMAGE_PREFIX=${defaultPrefix}`)
    expect(said).toContain('nothing was changed')
    expect(await readAll()).toBe(before)
  })

  test('with DRY_RUN=yes runs all checks, writes the resources to a file, and changes nothing', async () => {
    const before = await readAll()
    const { code, stdout, said } = await deploy(KUBECONFIG, {
      ...{ DRY_RUN: 'yes', IMAGE_PREFIX: 'registry.example/dry', COMPONENTS: 'seccomp' },
    })
    expect(code).toBe(0)
    expect(said).toContain('nothing was changed')
    const [rendered = ''] = stdout.split('\n')
    expect(await readFile(rendered, 'utf8')).toContain('image: registry.example/dry/signer:')
    expect(await readAll()).toBe(before)
  })

  test('with another value of DRY_RUN does not start', async () => {
    const { code, said } = await deploy(KUBECONFIG, { DRY_RUN: 'true' })
    expect(code).toBe(1)
    expect(said).toContain('DRY_RUN=true is not valid')
  })
})
