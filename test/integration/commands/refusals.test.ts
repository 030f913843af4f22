// What `make deploy` prints if there is no suitable cluster: what is wrong and what to do. It changes nothing.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import type { ApiServer } from '../../../tools/verify/admission/api-server/api-server.ts'
import { startBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { makeFolder } from '../../support/folder.ts'
import { runDeploy } from '../../support/run-deploy.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

describe('make deploy without a cluster', () => {
  test('says that KUBECONFIG names no cluster', async () => {
    const { code, said } = await runDeploy(join(await makeFolder(), 'nowhere'))
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
    const { code, said } = await runDeploy(path)
    expect(code).toBe(1)
    expect(said).toContain('the cluster is not reachable')
    expect(said).toContain('nothing was changed')
  })
})

describe('make deploy on a cluster without Istio', needsLocalPrograms, () => {
  let bare: ApiServer
  beforeAll(async () => {
    bare = await startBareApiServer()
  })

  test('says so, and does not create the namespace', async () => {
    const { code, said } = await runDeploy(bare.kubeconfig)
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
