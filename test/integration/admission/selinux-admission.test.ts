// The component selinux on a real API server: it accepts the Pod, and refuses a signer without its SELinux type.
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { restorePodSecurity } from '../../../tools/deploy/apply/pod-security.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { attemptCase, findJudge } from '../../../tools/verify/admission/attempt.ts'
import type { ResourceChange } from '../../../tools/verify/admission/change-resource.ts'
import { asPod } from '../../../tools/verify/admission/pods.ts'
import {
  type GuardedApiServer,
  startGuardedApiServer,
} from '../../support/api-server/guarded-api-server.ts'
import { injectProxy } from '../../support/api-server/inject.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const [frontend, signer] = [0, 1].map(
  (index) => `spec.containers.${index}.securityContext.seLinuxOptions`,
) as [string, string]

describe('with the component selinux the API server', needsLocalPrograms, () => {
  let guarded: GuardedApiServer
  const make = (...changes: ResourceChange[]) =>
    attemptCase(guarded.target, { does: 'make', changes })
  const privileged: ResourceChange[] = [['spec.hostNetwork', true]]

  beforeAll(async () => {
    guarded = await startGuardedApiServer(['selinux'])
    await guarded.waitForJudge({ does: 'make', changes: privileged }, 'pods-stay-restricted')
  })

  test('allows the Pod', async () => expect(await make()).toMatchObject({ isAllowed: true }))

  test.each([false, true])(
    "allows it with Istio's proxy, as a native sidecar: %j",
    async (native) => {
      const rendering = await renderSample(['selinux'])
      const injected = await injectProxy(rendering, native)
      const pod = Object(asPod(injected, 'injected').spec)
      expect(JSON.stringify(pod)).toContain('istio-proxy')
      expect(await attemptCase(guarded.target, { does: 'make', pod })).toMatchObject({
        isAllowed: true,
      })
    },
  )

  test.each<[string, ResourceChange]>([
    ['no type', [signer, undefined]],
    ["every container's type", [`${signer}.type`, 'container_t']],
    ['no type but categories', [signer, { level: 's0:c417,c893' }]],
  ])('refuses a signer with %s', async (_, change) => {
    const { said } = await make(change)
    expect(findJudge(said)).toBe('signer-runs-as-released')
    expect(said).toContain('the signer runs under its own SELinux type')
    const changed = await attemptCase(guarded.target, {
      does: 'change the Deployment',
      changes: [change],
    })
    expect(findJudge(changed.said)).toBe('signer-runs-as-released')
  })

  test.each<[string, ResourceChange, string]>([
    [
      "the signer with the frontend's type",
      [`${signer}.type`, 'secure_signing_frontend_t'],
      '(signer-runs-as-released|pods-stay-restricted)',
    ],
    [
      "the frontend with the signer's type",
      [`${frontend}.type`, 'secure_signing_signer_t'],
      'pods-stay-restricted',
    ],
    ['what Pod Security refuses', ['spec.hostIPC', true], 'pods-stay-restricted'],
  ])('refuses %s', async (_, change, judge) => {
    expect(findJudge((await make(change)).said)).toMatch(new RegExp(`^${judge}$`))
  })

  describe('when the component is removed', () => {
    let without: Resource
    beforeAll(async () => {
      without = (await renderSample()).find(`Namespace/${namespace}`) as Resource
    })
    beforeEach(() => {
      vi.stubEnv('KUBECONFIG', guarded.kubeconfig)
    })
    afterEach(async () => {
      vi.unstubAllEnvs()
      await guarded.call(['label', 'namespace', namespace, 'somebody-'])
      await guarded.api.apply(itself())
      await guarded.waitForJudge({ does: 'make' }, 'nobody')
    })
    const readLabels = async () => {
      const said = await guarded.call(['get', 'namespace', namespace, '-o', 'json'])
      const { 'kubernetes.io/metadata.name': _, ...labels } = JSON.parse(said).metadata.labels
      return labels
    }
    const itself = () =>
      parseResources(guarded.rendering.yaml).find(({ kind }) => kind === 'Namespace') as Resource

    test('a deployment without it enables Pod Security, and one with it disables it', async () => {
      await guarded.api.apply(without)
      expect(await readLabels()).toEqual(without.metadata.labels)
      const change: ResourceChange = [signer, { type: 'spc_t' }]
      await guarded.waitForJudge({ does: 'make', changes: [change] }, 'Pod Security')
      await guarded.api.apply(itself())
      expect(await readLabels()).toEqual(itself().metadata.labels)
    })

    test('make undeploy enables Pod Security, and the next deployment has no conflict', async () => {
      await guarded.call(['label', 'namespace', namespace, 'somebody=else'])
      await restorePodSecurity(without)
      expect(await readLabels()).toEqual({ ...without.metadata.labels, somebody: 'else' })
      const before = await guarded.call(['get', 'namespace', namespace, '-o', 'json'])
      await restorePodSecurity(without)
      expect(await guarded.call(['get', 'namespace', namespace, '-o', 'json'])).toBe(before)
      await guarded.api.apply(itself())
      expect(await readLabels()).toEqual({ ...itself().metadata.labels, somebody: 'else' })
    })
  })
})
