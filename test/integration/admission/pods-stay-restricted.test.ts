// The policy of the component selinux refuses what Pod Security refuses. Each Pod is tried against both.
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { podSecurityReplacement } from '../../../tools/deploy/apply/pod-security.ts'
import { serviceAccount } from '../../../tools/kube/names.ts'
import type { Resource } from '../../../tools/kube/resources.ts'
import type { Answer } from '../../../tools/verify/admission/api-server/api.ts'
import { addContainer, findJudge } from '../../../tools/verify/admission/attempt.ts'
import {
  listContainerRows,
  makeRestrictedPod,
  podSecurityCases,
} from '../../../tools/verify/admission/cases/pod-security-cases.ts'
import { restrictedPods } from '../../../tools/verify/admission/cases/restricted-pods.ts'
import type { ResourceChange } from '../../../tools/verify/admission/change-resource.ts'
import { confined } from '../../../tools/verify/admission/pods.ts'
import {
  type GuardedApiServer,
  startGuardedApiServer,
} from '../../support/api-server/guarded-api-server.ts'
import { applyChange } from '../../support/mistakes/mistakes.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

/** Pod Security judges one namespace, and the policy alone judges the other. */
const theirs = 'judged-by-pod-security'
const ours = 'judged-by-the-policy'
const running = 'running'
const judges = { [theirs]: 'Pod Security', [ours]: 'pods-stay-restricted' }

describe('the policy pods-stay-restricted', needsLocalPrograms, () => {
  let guarded: GuardedApiServer
  /** Returns what the API server says against the Pod, or nothing if it allows the Pod. */
  const attempt = async (pod: Resource) => readRefusal(await guarded.api.tryCreate(pod))

  beforeAll(async () => {
    guarded = await startGuardedApiServer(['selinux'])
    await makeNamespace(theirs, 'restricted')
    await makeNamespace(ours, 'privileged')
    await guarded.api.apply(makeBinding())
    const broken = change(makeRestrictedPod(ours), ['spec.hostNetwork', true])
    const isRefused = async () => findJudge(await attempt(broken)) === judges[ours]
    await vi.waitUntil(isRefused, { timeout: 15_000, interval: 50 })
    for (const namespace of [theirs, ours]) {
      const { spec, ...pod } = makeRestrictedPod(namespace)
      Object.assign(pod.metadata, { name: running })
      // No kubelet runs it.
      await guarded.api.create({ ...pod, spec: { ...Object(spec), nodeName: 'nowhere' } })
    }
  })

  async function makeNamespace(name: string, level: string) {
    const labels = { 'pod-security.kubernetes.io/enforce': level }
    await guarded.api.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })
    const metadata = { name: serviceAccount, namespace: name }
    await guarded.api.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
  }

  /** Does the same with an ephemeral container for the Pod that exists. */
  async function attemptContainer(namespace: string, changes: readonly ResourceChange[] = []) {
    const path = `/api/v1/namespaces/${namespace}/pods/${running}`
    const answer = await addContainer(guarded.api, path, (pod) => {
      const container = structuredClone({ name: 'debugger', image: 'x', ...confined })
      Object.assign(Object(pod.spec), { ephemeralContainers: [container] })
      return change(pod, ...changes)
    })
    return readRefusal(answer)
  }

  test.each(restrictedPods)('allows a Pod with %s, as Pod Security does', async (_, ...changes) => {
    const said = [ours, theirs].map((at) => attempt(change(makeRestrictedPod(at), ...changes)))
    expect(await Promise.all(said)).toEqual(['', ''])
  })

  test('allows an ephemeral container, as Pod Security does', async () => {
    expect(await Promise.all([ours, theirs].map((at) => attemptContainer(at)))).toEqual(['', ''])
  })

  test.each(podSecurityCases)('refuses $name, as Pod Security does', async (each) => {
    const said = await Promise.all(
      [ours, theirs].map((at) => attempt(change(makeRestrictedPod(at), ...each.changes))),
    )
    expect(said.map((each) => findJudge(each))).toEqual([judges[ours], judges[theirs]])
    expect(said[0]).toContain(each.says)
    expect(said[1]).toContain(each.theySay)
  })

  test.each(listContainerRows('spec.ephemeralContainers.0'))(
    'refuses an ephemeral container with %s, as Pod Security does',
    async (_, says, theySay, ...changes) => {
      const said = await Promise.all([ours, theirs].map((at) => attemptContainer(at, changes)))
      expect(said.map((each) => findJudge(each))).toEqual([judges[ours], judges[theirs]])
      expect(said[0]).toContain(says)
      expect(said[1]).toContain(theySay)
    },
  )

  test.each<[string, ...ResourceChange[]]>([
    [
      'root in its own user namespace',
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
    ['another container with one of them', 'attacker', 'secure_signing_frontend_t', judges[ours]],
  ])('judges %s', async (_, name, type, judge) => {
    const options = { type, level: 's0:c1,c2' }
    const changes: ResourceChange[] = [
      ['spec.containers.0.name', name],
      ['spec.containers.0.securityContext.seLinuxOptions', options],
    ]
    expect(findJudge(await attempt(change(makeRestrictedPod(ours), ...changes)))).toBe(judge)
    const elsewhere = await attempt(change(makeRestrictedPod(theirs), ...changes))
    expect(findJudge(elsewhere)).toBe('Pod Security')
  })

  test('refuses a type of the component for a whole Pod', async () => {
    const type: ResourceChange = [
      'spec.securityContext.seLinuxOptions',
      { type: 'secure_signing_signer_t' },
    ]
    expect(findJudge(await attempt(change(makeRestrictedPod(ours), type)))).toBe(judges[ours])
  })
})

function readRefusal({ status, said }: Answer): string {
  return status < 400 ? '' : said
}

function change(pod: Resource, ...changes: ResourceChange[]): Resource {
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
