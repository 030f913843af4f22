// A bare API server with the admission policies, the Deployment, its Pod, and a Pod without the key.
import { vi } from 'vitest'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { attemptCase, findJudge } from '../../../tools/verify/admission/attempt.ts'
import type { AdmissionTarget, Attempt } from '../../../tools/verify/admission/cases/case.ts'
import { admissionCases } from '../../../tools/verify/admission/cases/cases.ts'
import { asPod, makePod } from '../../../tools/verify/admission/pods.ts'
import { asWorkload } from '../../../tools/verify/admission/workloads.ts'
import { applyChange } from '../mistakes/mistakes.ts'
import { startBareApiServer } from './bare-api-server.ts'
import { renderKnown } from './sample.ts'

const patience = { timeout: 15_000, interval: 50 }
const known =
  /^(Namespace|ServiceAccount|ConfigMap|ValidatingAdmissionPolicy.*|DaemonSet|Deployment)$/
const isPolicy = ({ kind }: Resource) => kind.startsWith('ValidatingAdmissionPolicy')

export type GuardedApiServer = Awaited<ReturnType<typeof startGuardedApiServer>>

/** Starts it with `components`, and waits until every policy is in effect. */
export async function startGuardedApiServer(components: readonly string[] = []) {
  const { kubeconfig, api } = await startBareApiServer()
  const rendering = await renderKnown(components, known)
  const resources = parseResources(rendering.yaml)
  const pods = { pod: 'signing-pod', keylessPod: 'keyless' }
  const template = asPod(resources, 'admission-test')
  const configMaps = resources.filter(({ kind }) => kind === 'ConfigMap')
  const target: AdmissionTarget = {
    ...{ api, namespace, otherNamespace: 'default', deployment, configMaps, template },
    ...pods,
  }

  const call = (args: readonly string[], input: unknown = '') =>
    kubectl(['--kubeconfig', kubeconfig, ...args], { input: JSON.stringify(input) })
  const judge = async (attempt: Attempt) => findJudge((await attemptCase(target, attempt)).said)
  const waitForJudge = (attempt: Attempt, wanted: string) =>
    vi.waitUntil(async () => (await judge(attempt)) === wanted, patience)

  const applyPolicies = async () => {
    for (const resource of resources.filter(isPolicy)) await api.apply(resource)
  }
  /** Creates the Deployment and the Pods. */
  const createWorkloads = async () => {
    for (const resource of resources.filter((each) => !isPolicy(each))) await api.apply(resource)
    const signing = structuredClone(asPod(resources, pods.pod))
    // As if Istio had injected its proxy.
    Object.assign(signing.metadata.annotations ?? {}, { 'sidecar.istio.io/status': '{}' })
    for (const pod of [signing, makePod({}, pods.keylessPod)]) {
      const spec = { ...Object(pod.spec), nodeName: 'nowhere' }
      await api.create({ ...pod, spec })
    }
  }

  await createWorkloads()
  await api.apply(makeOlderRelease(asPod(resources, 'older-release')))
  await applyPolicies()
  for (const [refusedBy, [first]] of Map.groupBy(admissionCases, (each) => each.refusedBy)) {
    // With the component selinux, a policy takes the place of Pod Security. The tests of the component wait for it.
    const isAsked = refusedBy !== 'Pod Security' || !components.includes('selinux')
    if (first !== undefined && isAsked) await waitForJudge(first.attempt, refusedBy)
  }
  return {
    ...{ rendering, target, kubeconfig, api, call, judge, waitForJudge },
    ...{ applyPolicies, createWorkloads },
  }
}

/** An older release, whose signer has a variable that is no longer allowed. */
function makeOlderRelease(pod: Resource): Resource {
  const variable = { name: 'NODE_OPTIONS', value: '--no-maglev' }
  const path = 'spec.containers.1.env.+'
  const [older = pod] = applyChange([pod], [`Pod/${pod.metadata.name}`, path, variable])
  return asWorkload('ReplicaSet', older)
}
