// `make analyze` has the live API server check the schemas.
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { findSchemaErrors, listMissingNamespaces } from '../../tools/analyze/schema.ts'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { tryRun } from '../../tools/cli/exec.ts'
import { edit, mine, read, report, runAnalyze, useCopy, write } from '../support/analyzed-copy.ts'
import { needsCluster } from '../support/skips.ts'

useCopy()

describe('on the live API', needsCluster, () => {
  test('prints nothing for resources without mistakes', async () => {
    const { code, stdout, stderr } = await runAnalyze()
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: '' })
  })

  test('prints nothing for what make deploy applies, and for what is on the cluster', async () => {
    const { FILES: _, ...env } = process.env
    // By make, because the images depend on the base image that it finds.
    const args = ['analyze', 'LIVE=yes']
    const { stdout, stderr } = await tryRun('make', args, { cwd: CHECKOUT, env })
    // The policy tests attack from a Pod with the ServiceAccount of the application at the same time.
    const found = stdout.split('\n').filter((line) => !/^\[weakens\] Pod \S+\/test-/.test(line))
    expect(found, stderr).toEqual([''])
  })

  test('reports every schema error at its line, also if the namespace is missing', async () => {
    const places = [
      await edit(
        'k8s/components/signer/istio/behind-proxy-patch.yaml',
        'hostname: signing-pod',
        'hostnme: signing-pod',
      ),
      await edit(
        'k8s/frontend/deployment.yaml',
        '{name: CALLER_TOKEN_FILE, value:',
        '{name: CALLER_TOKEN_FILE, valu:',
      ),
      await edit('mesh/frontend-virtual-service.yaml', 'timeout: 10s', 'timout: 10s'),
    ]
    for (const namespace of ['signing', 'signing-test-absent']) {
      await write('mine/kustomization.yaml', stringify({ ...mine, namespace }))
      const subject = await read('mine')
      const missing = await listMissingNamespaces(subject.resources)
      const found = await findSchemaErrors(subject.resources, missing)
      expect(await report(subject, found)).toEqual(places.map((place) => `${place}: [schema]`))
    }
  })
})
