// The live API server accepts the resources, and the Pod after injection keeps the rules. Every write is a dry run.
import { writeFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { dryRun } from '../../tools/deploy/apply/apply.ts'
import { listRequiredPermissions } from '../../tools/deploy/preflight/permissions.ts'
import { application } from '../../tools/kube/application.ts'
import { exists, kubectl, kubectlJson } from '../../tools/kube/kubectl.ts'
import { namespace } from '../../tools/kube/names.ts'
import { type Resource, resourceSchema } from '../../tools/kube/resources.ts'
import { asPod } from '../../tools/verify/admission/pods.ts'
import { injectedRules } from '../support/api-server/injected-rules.ts'
import { renderSample, type Sample } from '../support/api-server/sample.ts'
import { needsCluster } from '../support/skips.ts'

describe('on the live API', needsCluster, () => {
  let rendering: Sample
  let injected: Resource[]

  beforeAll(async () => {
    rendering = await renderSample()
    if (!(await exists(['deployment', 'secure-signing', '-n', namespace]))) {
      throw new Error('the cluster has no deployment to look at: run make deploy first')
    }
    const get = ['get', 'deployment', 'secure-signing', '-n', namespace, '-o', 'json']
    const pod = asPod([await kubectlJson(resourceSchema, get)], 'dry-run')
    const create = ['create', '--dry-run=server', '-o', 'json', '-f', '-']
    const made = await kubectl(create, { input: JSON.stringify(pod) })
    injected = [resourceSchema.parse(JSON.parse(made))]
  }, 30_000)

  test('the API server takes every resource', async () => {
    await expect(dryRun(rendering)).resolves.toBeUndefined()
  })

  test('the API server refuses a broken one', async () => {
    const path = rendering.path.replace('rendered', 'broken')
    const yaml = rendering.yaml.replace('mode: STRICT', 'mode: STRICTLY')
    await writeFile(path, yaml)
    await expect(dryRun({ path, yaml })).rejects.toThrow(/STRICTLY/)
  })

  test('a right that is asked for is one that the API knows', async () => {
    const known = (await kubectl(['api-resources', '-o', 'name'])).split('\n')
    const asked = listRequiredPermissions(rendering.resources).map(({ group, resource }) =>
      group === '' ? resource : `${resource}.${group}`,
    )
    for (const name of asked) expect(known).toContain(name)
  })

  test.each(injectedRules)('after injection: $title', ({ find }) => {
    expect(find(injected, application)).toEqual([])
  })
})
