// The component autoscaling passes the number of Pods to the autoscaler, and it is never one in between.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { run } from '../../../tools/cli/exec.ts'
import { applyRendering } from '../../../tools/deploy/apply/apply.ts'
import {
  findOrphanedResources,
  formatDeletions,
  readApplied,
  readAppliedComponents,
} from '../../../tools/deploy/apply/orphaned-resources.ts'
import { noteMissingMetrics } from '../../../tools/deploy/preflight/metrics-api.ts'
import type { Rendering } from '../../../tools/deploy/render/render.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { deployment, fieldManager, namespace } from '../../../tools/kube/names.ts'
import { describeResource, parseResources } from '../../../tools/kube/resources.ts'
import { startBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { renderKnown, renderSample } from '../../support/api-server/sample.ts'
import { makeFolder } from '../../support/folder.ts'
import { needsLocalPrograms } from '../../support/skips.ts'
import { WAIT_MS } from '../../support/timeouts.ts'

const fixed = ['high-availability']
const scaled = [...fixed, 'autoscaling']
/** The kinds that an API server has without Istio, and the one that this test adds. */
const known = /^(Namespace|Deployment|PodDisruptionBudget|HorizontalPodAutoscaler|DestinationRule)$/
const destinationRules = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'destinationrules.networking.istio.io' },
  spec: {
    ...{ group: 'networking.istio.io', scope: 'Namespaced' },
    names: { kind: 'DestinationRule', plural: 'destinationrules', singular: 'destinationrule' },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true },
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  },
}

const render = (components: readonly string[]) => renderKnown(components, known)

describe('the autoscaler', () => {
  test('scales the Deployment, by the CPU request of each container', async () => {
    const resources = (await renderSample(['autoscaling'])).resources
    const pod = resources.find(({ kind }) => kind === 'Deployment')
    const scaler = resources.find(({ kind }) => kind === 'HorizontalPodAutoscaler')
    const { scaleTargetRef, metrics } = Object(scaler?.spec)
    expect({ ...scaleTargetRef, namespace: scaler?.metadata.namespace }).toEqual({
      ...{ apiVersion: pod?.apiVersion, kind: pod?.kind },
      ...{ name: pod?.metadata.name, namespace: pod?.metadata.namespace },
    })
    const { containers } = Object(pod?.spec).template.spec
    const wanted = containers.map(({ name }: { name: string }) => ({
      type: 'ContainerResource',
      containerResource: expect.objectContaining({ container: name, name: 'cpu' }),
    }))
    expect(metrics).toEqual(wanted)
    for (const { resources: own } of containers) expect(own.requests).toHaveProperty('cpu')
  })
})

describe('on an API server', needsLocalPrograms, () => {
  let server: Awaited<ReturnType<typeof startBareApiServer>>
  let renderings: Record<'plain' | 'fixed' | 'scaled', Rendering>

  beforeAll(async () => {
    server = await startBareApiServer()
    renderings = {
      ...{ plain: await render([]), fixed: await render(fixed) },
      scaled: await render(scaled),
    }
    const kubeconfig = ['--kubeconfig', server.kubeconfig]
    await kubectl([...kubeconfig, 'create', '-f', '-'], { input: JSON.stringify(destinationRules) })
    const named = `crd/${destinationRules.metadata.name}`
    await kubectl([...kubeconfig, 'wait', '--for=condition=established', named, '--timeout=30s'])
  })
  beforeEach(async () => {
    vi.stubEnv('KUBECONFIG', server.kubeconfig)
    await applyRendering(renderings.fixed, true)
  })
  afterEach(async () => {
    const kinds = 'deployments,horizontalpodautoscalers,poddisruptionbudgets,roles'
    await kubectl(['delete', kinds, '--all', '-n', namespace])
    vi.unstubAllEnvs()
  })

  const readReplicas = async () => {
    const path = 'jsonpath={.spec.replicas}'
    return Number(await kubectl(['get', 'deployment', deployment, '-n', namespace, '-o', path]))
  }
  const scale = (replicas: number) =>
    kubectl(['scale', 'deployment', deployment, '-n', namespace, `--replicas=${replicas}`])

  test('three Pods stay three, and a second deployment changes nothing', async () => {
    expect(await readReplicas()).toBe(3)
    await applyRendering(renderings.scaled)
    expect(await readReplicas()).toBe(3)
    expect(await applyRendering(renderings.scaled)).toEqual([])
    expect(await readReplicas()).toBe(3)
  })

  test('without the transfer of ownership, three Pods become one', async () => {
    const args = ['apply', '--server-side', `--field-manager=${fieldManager}`]
    await kubectl([...args, '-f', renderings.scaled.path])
    expect(await readReplicas()).toBe(1)
  })

  test.each(['before', 'after'])(
    'a number that the autoscaler sets %s the deployment stays',
    async (when) => {
      if (when === 'before') await scale(7)
      await applyRendering(renderings.scaled)
      if (when === 'after') await scale(7)
      expect(await applyRendering(renderings.scaled)).toEqual([])
      expect(await readReplicas()).toBe(7)
      const shown = ['--show-managed-fields', '-o', 'jsonpath={.metadata.managedFields[*].manager}']
      const managers = await kubectl(['get', 'deployment', deployment, '-n', namespace, ...shown])
      expect(managers).not.toContain('until-autoscaled')
    },
  )

  test('a fixed number replaces that of the autoscaler only with FORCE_CONFLICTS', async () => {
    await applyRendering(renderings.scaled)
    await scale(7)
    await expect(applyRendering(renderings.fixed)).rejects.toThrow('.spec.replicas')
    await applyRendering(renderings.fixed, true)
    expect(await readReplicas()).toBe(3)
  })

  test('orphaned resources of components are found, but none of another owner', async () => {
    await applyRendering(renderings.scaled)
    const role = ['role', 'deployer', '--verb=get', '--resource=pods']
    await kubectl(['create', ...role, '-n', namespace])
    const names = ['HorizontalPodAutoscaler/secure-signing', 'PodDisruptionBudget/secure-signing']
    const found = (await readAppliedComponents()).map(describeResource)
    expect(found.toSorted()).toEqual(names)
    expect(await findOrphanedResources(parseResources(renderings.scaled.yaml))).toEqual([])
    const orphaned = await findOrphanedResources(parseResources(renderings.plain.yaml))
    expect(orphaned.map(describeResource).toSorted()).toEqual(names)
    for (const command of formatDeletions(orphaned)) {
      await run('bash', ['-euo', 'pipefail', '-c', command])
    }
    expect(await readAppliedComponents()).toEqual([])
  })

  test('a note names a resource that the user may not read, and the others are found', async () => {
    await applyRendering(renderings.scaled)
    const [kinds, user] = ['horizontalpodautoscalers', 'reader']
    await kubectl(['create', 'clusterrole', user, '--verb=get', `--resource=${kinds}`])
    await kubectl(['create', 'clusterrolebinding', user, `--clusterrole=${user}`, `--user=${user}`])
    const config = parse(await readFile(server.kubeconfig, 'utf8'))
    config.users[0].user.as = user
    const path = join(await makeFolder(), user)
    await writeFile(path, stringify(config), { mode: 0o600 })
    const components = parseResources(renderings.scaled.yaml).filter(({ kind }) =>
      /^(PodDisruptionBudget|HorizontalPodAutoscaler)$/.test(kind),
    )
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    vi.stubEnv('KUBECONFIG', path)
    try {
      // The right takes effect after a moment.
      await vi.waitFor(async () => {
        const found = await readApplied(components)
        expect(found.map(describeResource)).toEqual(['HorizontalPodAutoscaler/secure-signing'])
      }, WAIT_MS)
      const note = 'whether PodDisruptionBudget/secure-signing exists'
      expect(said).toHaveBeenCalledWith(expect.stringContaining(note))
    } finally {
      vi.stubEnv('KUBECONFIG', server.kubeconfig)
      said.mockRestore()
    }
  })

  test('a note says that the cluster has no resource metrics', async () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await noteMissingMetrics(parseResources(renderings.fixed.yaml))
    expect(said).not.toHaveBeenCalled()
    await noteMissingMetrics(parseResources(renderings.scaled.yaml))
    expect(said).toHaveBeenCalledWith(expect.stringContaining('metrics-server'))
    said.mockRestore()
  })
})
