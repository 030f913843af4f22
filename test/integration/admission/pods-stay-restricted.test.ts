// The policy of the component selinux refuses what Pod Security refuses. Each Pod is tried against both.
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { podSecurityReplacement } from '../../../tools/deploy/apply/pod-security.ts'
import { serviceAccount } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import { findJudge } from '../../support/admission/attempt.ts'
import type { PodChange } from '../../support/admission/case.ts'
import { createDryRun } from '../../support/api-server/dry-run.ts'
import {
  type GuardedApiServer,
  startGuardedApiServer,
} from '../../support/api-server/guarded-api-server.ts'
import { confined } from '../../support/attack/pods.ts'
import { applyChange } from '../../support/mistakes/mistakes.ts'
import {
  listContainerRows,
  makeRestrictedPod,
  podSecurityCases,
} from '../../support/mistakes/pod-security-cases.ts'
import { restrictedPods } from '../../support/mistakes/restricted-pods.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

/** Pod Security judges one namespace, and the policy alone judges the other. */
const theirs = 'judged-by-pod-security'
const ours = 'judged-by-the-policy'
const running = 'running'
const judges = { [theirs]: 'Pod Security', [ours]: 'pods-stay-restricted' }

describe('the policy pods-stay-restricted', needsLocalPrograms, () => {
  let guarded: GuardedApiServer
  /** Returns the API server's objection to the Pod, or an empty text. */
  let attempt: ReturnType<typeof createDryRun>

  beforeAll(async () => {
    guarded = await startGuardedApiServer(['selinux'])
    attempt = createDryRun(guarded.url)
    await makeNamespace(theirs, 'restricted')
    await makeNamespace(ours, 'privileged')
    await guarded.apply(makeBinding())
    const broken = change(makeRestrictedPod(ours), ['spec.hostNetwork', true])
    const isRefused = async () => findJudge(await attempt(broken)) === judges[ours]
    await vi.waitUntil(isRefused, { timeout: 15_000, interval: 250 })
    for (const namespace of [theirs, ours]) {
      const { spec, ...pod } = makeRestrictedPod(namespace)
      Object.assign(pod.metadata, { name: running })
      // No kubelet takes it up.
      await guarded.call(['create', '-f', '-'], {
        ...pod,
        spec: { ...Object(spec), nodeName: 'nowhere' },
      })
    }
  })

  async function makeNamespace(name: string, level: string) {
    const labels = { 'pod-security.kubernetes.io/enforce': level }
    await guarded.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })
    const metadata = { name: serviceAccount, namespace: name }
    await guarded.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
  }

  /** Does the same for a container that is added to the running Pod. */
  async function addContainer(namespace: string, changes: readonly PodChange[] = []) {
    const live = await guarded.call(['get', 'pod', running, '-n', namespace, '-o', 'json'])
    const pod: Resource = JSON.parse(live)
    delete pod.metadata.resourceVersion
    Object.assign(Object(pod.spec), {
      ephemeralContainers: [structuredClone({ name: 'debugger', image: 'x', ...confined })],
    })
    const path = `/api/v1/namespaces/${namespace}/pods/${running}/ephemeralcontainers?dryRun=All`
    const args = ['replace', '--raw', path, '-f', '-']
    return guarded.call(args, change(pod, ...changes)).then(
      () => '',
      (error: Error) => error.message,
    )
  }

  test.each(restrictedPods)('takes a Pod with %s, as Pod Security does', async (_, ...changes) => {
    const said = [ours, theirs].map((at) => attempt(change(makeRestrictedPod(at), ...changes)))
    expect(await Promise.all(said)).toEqual(['', ''])
  })

  test('takes an ephemeral container, as Pod Security does', async () => {
    expect(await Promise.all([ours, theirs].map((at) => addContainer(at)))).toEqual(['', ''])
  })

  test.each(podSecurityCases)('refuses $name, as Pod Security does', async (each) => {
    const said = await Promise.all(
      [ours, theirs].map((at) => attempt(change(makeRestrictedPod(at), ...each.changes))),
    )
    expect(said.map(findJudge)).toEqual([judges[ours], judges[theirs]])
    expect(said[0]).toContain(each.says)
    expect(said[1]).toContain(each.theySay)
  })

  test.each(listContainerRows('spec.ephemeralContainers.0'))(
    'refuses an ephemeral container with %s, as Pod Security does',
    async (_, says, theySay, ...changes) => {
      const said = await Promise.all([ours, theirs].map((at) => addContainer(at, changes)))
      expect(said.map(findJudge)).toEqual([judges[ours], judges[theirs]])
      expect(said[0]).toContain(says)
      expect(said[1]).toContain(theySay)
    },
  )

  test.each<[string, ...PodChange[]]>([
    [
      'root in a user namespace of its own',
      ['spec.hostUsers', false],
      ['spec.securityContext.runAsNonRoot', false],
    ],
    [
      'a Pod for Windows',
      ['spec.os', { name: 'windows' }],
      ['spec.securityContext', { runAsNonRoot: true }],
      ['spec.containers.0.securityContext', undefined],
      ['spec.initContainers.0.securityContext', undefined],
    ],
  ])('is stricter than Pod Security about %s', async (_, ...changes) => {
    expect(await attempt(change(makeRestrictedPod(theirs), ...changes))).toBe('')
    const said = await attempt(change(makeRestrictedPod(ours), ...changes))
    expect(findJudge(said)).toBe(judges[ours])
  })

  test.each<[string, string, string, string]>([
    ['the frontend with its type', 'frontend', 'secure_signing_frontend_t', 'nobody'],
    ['the signer with its type', 'signer', 'secure_signing_signer_t', 'nobody'],
    ["the frontend with the signer's", 'frontend', 'secure_signing_signer_t', judges[ours]],
    ["the signer with the frontend's", 'signer', 'secure_signing_frontend_t', judges[ours]],
    ['another container with one', 'attacker', 'secure_signing_frontend_t', judges[ours]],
  ])('judges %s', async (_, name, type, judge) => {
    const options = { type, level: 's0:c1,c2' }
    const changes: PodChange[] = [
      ['spec.containers.0.name', name],
      ['spec.containers.0.securityContext.seLinuxOptions', options],
    ]
    expect(findJudge(await attempt(change(makeRestrictedPod(ours), ...changes)))).toBe(judge)
    const elsewhere = await attempt(change(makeRestrictedPod(theirs), ...changes))
    expect(findJudge(elsewhere)).toBe('Pod Security')
  })

  test('refuses one of its types for a whole Pod', async () => {
    const type: PodChange = [
      'spec.securityContext.seLinuxOptions',
      { type: 'secure_signing_signer_t' },
    ]
    expect(findJudge(await attempt(change(makeRestrictedPod(ours), type)))).toBe(judges[ours])
  })
})

function change(pod: Resource, ...changes: PodChange[]): Resource {
  return changes.reduce((changed, [path, value]) => {
    const [next = changed] = applyChange([changed], [`Pod/${pod.metadata.name}`, path, value])
    return next
  }, pod)
}

/** Binds the policy to another namespace, where no other policy applies. */
function makeBinding(): Resource {
  const matchLabels = { 'kubernetes.io/metadata.name': ours }
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'elsewhere' },
    spec: {
      policyName: podSecurityReplacement,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels } },
    },
  }
}
