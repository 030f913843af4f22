// The rules hold after Istio's injection too, whether the proxy is an ordinary container or a native sidecar.
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DRAIN_DEADLINE_MS } from '../../../runtime/service.ts'
import { valueAt } from '../../../tools/analyze/finding.ts'
import { proxyName, readPods } from '../../../tools/analyze/model/pod.ts'
import { applyRules } from '../../../tools/analyze/rule.ts'
import type { Rendering } from '../../../tools/deploy/render/render.ts'
import { application } from '../../../tools/kube/application.ts'
import { listWorkloads, onePod, separatePods } from '../../../tools/kube/layouts.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { asPod } from '../../../tools/verify/admission/pods.ts'
import { injectProxy } from '../../support/api-server/inject.ts'
import { injectedRules } from '../../support/api-server/injected-rules.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { applyChange } from '../../support/mistakes/mistakes.ts'

const container = z.object({
  name: z.string(),
  restartPolicy: z.string().optional(),
  env: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]),
})
const rawPod = z.object({
  containers: z.array(container),
  initContainers: z.array(container),
  terminationGracePeriodSeconds: z.number(),
})
const proxyConfig = z.object({ terminationDrainDuration: z.string().regex(/^\d+s$/) })

const messagesAbout = (resources: readonly Resource[]) =>
  applyRules(injectedRules, resources).map(({ message }) => message)

describe.each([
  { layout: onePod, form: 'as an ordinary container', native: false },
  { layout: onePod, form: 'as a native sidecar', native: true },
  { layout: separatePods, form: 'as a native sidecar', native: true },
])('with the proxy $form, $layout.overlay', ({ layout, native }) => {
  let rendering: Rendering
  let resources: Resource[]

  beforeAll(async () => {
    rendering = await renderSample([], layout)
    resources = await injectProxy(rendering, native)
  })

  test('it is where it is expected', () => {
    for (const { spec } of readPods(resources)) {
      const names = spec[native ? 'initContainers' : 'containers'].map(({ name }) => name)
      expect(names).toContain(proxyName)
    }
  })

  test.each(injectedRules)('$title', ({ find }) => expect(find(resources, application)).toEqual([]))

  test('it ends after the containers, and before kubelet kills it', () => {
    for (const pod of readPods(resources)) {
      const { containers, initContainers, terminationGracePeriodSeconds } = rawPod.parse(
        valueAt(pod.resource, [...pod.path, 'spec']),
      )
      const all = [...containers, ...initContainers]
      const delays = all.flatMap(({ env }) =>
        env.filter(({ name }) => name.endsWith('_SHUTDOWN_DELAY_MS')).map(({ value }) => value),
      )
      expect(delays).not.toEqual([])
      const proxy = all.find(({ name }) => name === proxyName)
      // Kubernetes stops a native sidecar last.
      if (native) expect(proxy?.restartPolicy).toBe('Always')
      const text = proxy?.env.find(({ name }) => name === 'PROXY_CONFIG')?.value
      const { terminationDrainDuration } = proxyConfig.parse(JSON.parse(text ?? ''))
      const drainMs = Number.parseInt(terminationDrainDuration, 10) * 1000
      expect(drainMs).toBeGreaterThan(Math.max(...delays.map(Number)) + DRAIN_DEADLINE_MS)
      expect(drainMs).toBeLessThan(terminationGracePeriodSeconds * 1000)
    }
  })

  test('a proxy that is told to mount the key is noticed', async () => {
    const yaml = rendering.yaml.replace(
      '{"signer-socket":',
      '{"hmac-key": {"mountPath": "/run/key"}, "signer-socket":',
    )
    const careless = await injectProxy({ ...rendering, yaml }, native)
    expect(messagesAbout(careless)).toContain('the proxy mounts a secret')
  })

  test.each(listWorkloads(layout))('a Pod without a proxy is noticed: %s', (name) => {
    const path = `spec.template.spec.${native ? 'initContainers' : 'containers'}`
    const bare = applyChange(resources, [`Deployment/${name}`, path, []])
    expect(messagesAbout(bare)).toContain('there is no proxy')
  })
})

test('what OpenShift adds to an injected Pod breaks no rule', async () => {
  const resources = await injectProxy(await renderSample(), true)
  const pod = asPod(resources, 'admitted')
  const admitted = admitOnOpenShift(pod)
  expect(messagesAbout([admitted])).toEqual([])
  expect(listMountsByContainer(admitted)).toEqual(listMountsByContainer(pod))
  const careless = applyChange([admitted], ['Pod/admitted', 'spec.securityContext.fsGroup', 1337])
  expect(messagesAbout(careless)).toContain(
    'fsGroup puts all containers into group 1337: remove it',
  )
})

/** As the SCC nonroot-v2 and an istiod for OpenShift change a Pod. The range is of the namespace. */
function admitOnOpenShift(pod: Resource): Resource {
  const changed = structuredClone(pod)
  const spec = Object(changed.spec)
  spec.securityContext = {
    ...spec.securityContext,
    ...{ fsGroup: 1000650000, seLinuxOptions: { level: 's0:c25,c20' } },
  }
  for (const each of [...spec.containers, ...(spec.initContainers ?? [])]) {
    if (each.name !== proxyName) continue
    each.securityContext = {
      ...each.securityContext,
      runAsUser: 1000659999,
      runAsGroup: 1000659999,
    }
  }
  return changed
}

/** The volumes of each container. Group and level of the Pod matter only to who mounts a volume. */
function listMountsByContainer(pod: Resource): Record<string, string[]> {
  const { containers, initContainers = [] } = Object(pod.spec)
  return Object.fromEntries(
    [...containers, ...initContainers].map(({ name, volumeMounts = [] }) => [
      name,
      volumeMounts.map((each: { name: string }) => each.name).toSorted(),
    ]),
  )
}
