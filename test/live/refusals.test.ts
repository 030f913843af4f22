// make deploy on unsuitable clusters. It says what is wrong and what to do, and changes nothing.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { defaultPrefix } from '../../tools/images/image-references.ts'
import { kubectl } from '../../tools/kube/kubectl.ts'
import { KUBECONFIG } from '../../tools/local-cluster/paths.ts'
import { makeFolder } from '../support/folder.ts'
import { runDeploy } from '../support/run-deploy.ts'
import { needsLocalCluster } from '../support/skips.ts'

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
    const { code, said } = await runDeploy(path)
    expect(code).toBe(1)
    expect(said).toContain('patch, create authorizationpolicies.security.istio.io in signing')
    expect(said).toContain('patch, create deployments.apps in signing')
    expect(said).toContain('create secrets in signing')
    expect(said).toContain('nothing was changed')
  })
})

describe('make deploy with AppArmor, without a labeled node', needsLocalCluster, () => {
  test('says so, and what to do', async () => {
    const { code, said } = await runDeploy(KUBECONFIG, { COMPONENTS: 'apparmor' })
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
    const { code, said } = await runDeploy(KUBECONFIG, { IMAGE_PREFIX: '' })
    expect(code).toBe(1)
    expect(said).toContain(`make deploy IMAGE_PREFIX=${defaultPrefix}`)
    expect(said).toContain('nothing was changed')
    expect(await readAll()).toBe(before)
  })

  test('with DRY_RUN=yes runs all checks, writes the resources to a file, and changes nothing', async () => {
    const before = await readAll()
    const { code, stdout, said } = await runDeploy(KUBECONFIG, {
      ...{ DRY_RUN: 'yes', IMAGE_PREFIX: 'registry.example/dry', COMPONENTS: 'seccomp' },
    })
    expect(code).toBe(0)
    expect(said).toContain('nothing was changed')
    const [rendered = ''] = stdout.split('\n')
    expect(await readFile(rendered, 'utf8')).toContain('image: registry.example/dry/signer:')
    expect(await readAll()).toBe(before)
  })

  test('with another value of DRY_RUN does not start', async () => {
    const { code, said } = await runDeploy(KUBECONFIG, { DRY_RUN: 'true' })
    expect(code).toBe(1)
    expect(said).toContain('DRY_RUN=true is not valid')
  })
})
