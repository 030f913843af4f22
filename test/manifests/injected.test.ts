// The promises hold after Istio's injection too, whether the proxy is an ordinary container or a native sidecar.
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Rendering } from '../../deploy/render.ts'
import type { Resource } from '../../deploy/resources.ts'
import { injectProxy } from './inject.ts'
import { injectedPromises } from './injected-promises.ts'
import { proxyName, readPod } from './pod.ts'
import { applyChange } from './promise.ts'
import { renderSample } from './sample.ts'

describe.each([
  { form: 'as an ordinary container', native: false },
  { form: 'as a native sidecar', native: true },
])('with the proxy $form', ({ native }) => {
  let rendering: Rendering
  let resources: Resource[]

  beforeAll(async () => {
    rendering = await renderSample()
    resources = await injectProxy(rendering, native)
  })
  afterAll(() => rm(dirname(rendering.path), { recursive: true }))

  test('it is where it is expected', () => {
    const { containers, initContainers } = readPod(resources).spec
    const names = (native ? initContainers : containers).map(({ name }) => name)
    expect(names).toContain(proxyName)
  })

  test.each(injectedPromises)('$title', ({ find }) => expect(find(resources)).toEqual([]))

  test('a proxy that is told to mount the key is noticed', async () => {
    const yaml = rendering.yaml.replace(
      '{"signer-socket":',
      '{"hmac-key": {"mountPath": "/run/key"}, "signer-socket":',
    )
    const careless = await injectProxy({ ...rendering, yaml }, native)
    expect(injectedPromises.flatMap(({ find }) => find(careless))).toContain(
      'the proxy mounts a secret',
    )
  })

  test('a Pod without a proxy is noticed', () => {
    const path = `spec.template.spec.${native ? 'initContainers' : 'containers'}`
    const bare = applyChange(resources, ['Deployment/secure-signing', path, []])
    expect(injectedPromises.flatMap(({ find }) => find(bare))).toContain('there is no proxy')
  })
})
