// The component autoscaling hands the number of Pods over to the autoscaler without a moment of one Pod.
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { run } from '../../../tools/cli/exec.ts'
import { applyRendering } from '../../../tools/deploy/apply/apply.ts'
import {
  findLeftovers,
  formatDeletions,
  readAppliedComponents,
} from '../../../tools/deploy/apply/orphaned-resources.ts'
import { noteMissingMetrics } from '../../../tools/deploy/preflight/autoscaler.ts'
import type { Rendering } from '../../../tools/deploy/render/render.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { deployment, fieldManager, namespace } from '../../../tools/kube/names.ts'
import { describeResource, parseResources } from '../../../tools/kube/resources.ts'
import { startBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { renderKnown, renderSample } from '../../support/api-server/sample.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const fixed = ['high-availability']
const scaled = [...fixed, 'autoscaling']
/** The kinds that an API server knows without Istio, and the one that a component adds. */
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
  test('is of the Deployment, and measures each of its containers by its request', async () => {
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
    const here = ['--kubeconfig', server.kubeconfig]
    await kubectl([...here, 'create', '-f', '-'], { input: JSON.stringify(destinationRules) })
    const named = `crd/${destinationRules.metadata.name}`
    await kubectl([...here, 'wait', '--for=condition=established', named, '--timeout=30s'])
  })
  beforeEach(async () => {
    vi.stubEnv('KUBECONFIG', server.kubeconfig)
    await applyRendering(renderings.fixed, true)
  })
  afterEach(async () => {
    await kubectl(['delete', 'deployment', deployment, '-n', namespace])
    vi.unstubAllEnvs()
  })

  const readReplicas = async () => {
    const path = 'jsonpath={.spec.replicas}'
    return Number(await kubectl(['get', 'deployment', deployment, '-n', namespace, '-o', path]))
  }
  const scale = (replicas: number) =>
    kubectl(['scale', 'deployment', deployment, '-n', namespace, `--replicas=${replicas}`])

  test('three stay three, and a second time changes nothing', async () => {
    expect(await readReplicas()).toBe(3)
    await applyRendering(renderings.scaled)
    expect(await readReplicas()).toBe(3)
    expect(await applyRendering(renderings.scaled)).toEqual([])
    expect(await readReplicas()).toBe(3)
  })

  test('three would be one, if they were not handed over', async () => {
    const args = ['apply', '--server-side', `--field-manager=${fieldManager}`]
    await kubectl([...args, '-f', renderings.scaled.path])
    expect(await readReplicas()).toBe(1)
  })

  test.each(['before', 'after'])('what the autoscaler has set %s it stays', async (when) => {
    if (when === 'before') await scale(7)
    await applyRendering(renderings.scaled)
    if (when === 'after') await scale(7)
    expect(await applyRendering(renderings.scaled)).toEqual([])
    expect(await readReplicas()).toBe(7)
    const shown = ['--show-managed-fields', '-o', 'jsonpath={.metadata.managedFields[*].manager}']
    const managers = await kubectl(['get', 'deployment', deployment, '-n', namespace, ...shown])
    expect(managers).not.toContain('until-autoscaled')
  })

  test('a fixed number does not overrule the autoscaler unless it is told to', async () => {
    await applyRendering(renderings.scaled)
    await scale(7)
    await expect(applyRendering(renderings.fixed)).rejects.toThrow('.spec.replicas')
    await applyRendering(renderings.fixed, true)
    expect(await readReplicas()).toBe(3)
  })

  test('what a component has left is told, and nothing that somebody else has made', async () => {
    await applyRendering(renderings.scaled)
    const role = ['role', 'deployer', '--verb=get', '--resource=pods']
    await kubectl(['create', ...role, '-n', namespace])
    const names = ['HorizontalPodAutoscaler/secure-signing', 'PodDisruptionBudget/secure-signing']
    const found = (await readAppliedComponents()).map(describeResource)
    expect(found.toSorted()).toEqual(names)
    expect(await findLeftovers(parseResources(renderings.scaled.yaml))).toEqual([])
    const leftovers = await findLeftovers(parseResources(renderings.plain.yaml))
    expect(leftovers.map(describeResource).toSorted()).toEqual(names)
    for (const command of formatDeletions(leftovers)) {
      await run('bash', ['-euo', 'pipefail', '-c', command])
    }
    expect(await readAppliedComponents()).toEqual([])
  })

  test('without anybody who measures, it says so', async () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await noteMissingMetrics(parseResources(renderings.fixed.yaml))
    expect(said).not.toHaveBeenCalled()
    await noteMissingMetrics(parseResources(renderings.scaled.yaml))
    expect(said).toHaveBeenCalledWith(expect.stringContaining('metrics-server'))
    said.mockRestore()
  })
})
