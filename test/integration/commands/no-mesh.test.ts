// `make deploy OVERLAY=no-mesh` on an API server that has no kind of Istio, and without istioctl: all checks that need no mesh
// run, and the others are left out.
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { checkWebhooks } from '../../../tools/deploy/preflight/webhooks/check-webhooks.ts'
import { dryRunPod } from '../../../tools/deploy/preflight/webhooks/dry-run-pod.ts'
import { checkNoOtherLayout, findDeployed, noMesh, onePod } from '../../../tools/kube/layouts.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { ApiServer } from '../../../tools/verify/admission/api-server/api-server.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { type Mutation, serveWebhook } from '../../support/api-server/mutating-webhook.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { makePrograms } from '../../support/folder.ts'
import { runDeploy } from '../../support/run-deploy.ts'
import { needsLocalPrograms } from '../../support/skips.ts'
import { WAIT_MS } from '../../support/timeouts.ts'

const variables = { OVERLAY: 'no-mesh', DRY_RUN: 'yes' }
const isPolicy = ({ kind }: Resource) => kind.startsWith('ValidatingAdmissionPolicy')
/** As Istio injects its proxy. */
const inject: Mutation = ({ metadata, spec }) => {
  metadata.annotations = { 'sidecar.istio.io/status': '{"containers":["istio-proxy"]}' }
  spec.containers.push({ ...spec.containers[0], name: 'istio-proxy' })
}

/** Returns a PATH that has kubectl and Node, and no istioctl. */
async function makePath(): Promise<string> {
  const kubectl = (await run('sh', ['-c', 'command -v kubectl'])).trim()
  const path = await makePrograms({ kubectl: `exec ${kubectl} "$@"` })
  return [path, dirname(process.execPath)].join(':')
}

describe('without Istio', needsLocalPrograms, () => {
  let server: ApiServer
  let resources: Resource[]
  beforeAll(async () => {
    server = await useBareApiServer()
    resources = (await renderSample([], noMesh)).resources
  })

  test('make deploy needs no istioctl, skips what is about the mesh, and checks everything else', async () => {
    const { code, stdout, said } = await runDeploy(server.kubeconfig, {
      ...variables,
      PATH: await makePath(),
    })
    expect({ code, said }).toMatchObject({ code: 0 })
    const steps = said
      .split('\n')
      .flatMap((line) => /^ {2}(ok|FAIL|skip) {1,4}([^(:]*\w)/.exec(line)?.[2] ?? [])
    expect(steps).toEqual([
      'the signer fits the application',
      'the cluster answers',
      'the API server supports admission policies',
      'no other overlay is deployed',
      'the resources are rendered for this cluster',
      'nothing else in the namespace is changed',
      'the user has all required permissions',
      'the managers of the resources are found',
      'the new signer accepts the keys in use',
      'a node matches each node selector',
      'the API server accepts the resources',
      'webhooks leave the Pods as they must be',
    ])
    const rendered = await readFile(join(CHECKOUT, stdout.split('\n')[0] ?? ''), 'utf8')
    expect(rendered).not.toMatch(/apiVersion: \w+\.istio\.io/)
  })

  test('make analyze needs neither istioctl nor a mesh, and finds nothing', async () => {
    const env = {
      ...process.env,
      ...{ KUBECONFIG: server.kubeconfig, IMAGE_PREFIX: 'registry.example/team', ...variables },
      PATH: await makePath(),
    }
    const args = [join(CHECKOUT, 'tools/analyze/analyze.ts')]
    const { stdout, stderr } = await tryRun('node', args, { env, timeoutMs: 60_000 })
    expect(stdout).toBe('')
    expect(stderr).toContain('no findings')
    expect(stderr).not.toContain('istioctl')
  })

  test('a setting of the mesh is named, because it has no effect', async () => {
    const { said } = await runDeploy(server.kubeconfig, { ...variables, GATEWAY: 'infra/public' })
    expect(said).toContain('note  GATEWAY has no effect with OVERLAY=no-mesh')
  })

  test('an injected proxy ends the deployment, with what to do', async () => {
    for (const each of resources) {
      if (/^(Namespace|ServiceAccount)$/.test(each.kind)) await server.api.apply(each)
    }
    await expect(checkWebhooks(resources)).resolves.toBeUndefined()
    await serveWebhook(server.api, inject)
    await expect(checkWebhooks(resources)).rejects.toMatchObject({
      message: expect.stringContaining('Istio injects its proxy into each Pod of Deployment/'),
      todo: expect.stringContaining('istio-injection'),
    })
  })

  test('the layout is known by who calls the signer, so one does not replace the other', async () => {
    const find = (from: readonly Resource[]) =>
      from.find(({ kind }) => kind === 'Deployment') as Resource
    await server.api.apply(find(resources))
    expect(await findDeployed()).toBe(noMesh)
    await expect(checkNoOtherLayout(noMesh)).resolves.toBeUndefined()
    await expect(checkNoOtherLayout(onePod)).rejects.toThrow(
      'the overlay "no-mesh" is deployed, not "default"',
    )
    await server.api.apply(find((await renderSample([], onePod)).resources))
    expect(await findDeployed()).toBe(onePod)
    await expect(checkNoOtherLayout(noMesh)).rejects.toThrow(
      'the overlay "default" is deployed, not "no-mesh"',
    )
  })

  test.each([
    [noMesh, onePod],
    [onePod, noMesh],
  ])(
    'the policies that $overlay has left do not hide what webhooks do to the next layout',
    async (left, next) => {
      const policies = (await renderSample([], left)).resources.filter(isPolicy)
      for (const each of policies) await server.api.apply(each)
      const { resources: wanted } = await renderSample([], next)
      const deployment = wanted.find(({ kind }) => kind === 'Deployment') as Resource
      await vi.waitFor(async () => {
        expect((await dryRunPod(deployment)).refusal).toContain('no-way-around-proxy')
      }, WAIT_MS)
      await expect(checkWebhooks(wanted)).resolves.toBeUndefined()
      await serveWebhook(server.api, ({ spec }) => (spec.shareProcessNamespace = true))
      await expect(checkWebhooks(wanted)).rejects.toThrow('shareProcessNamespace')
    },
  )
})
