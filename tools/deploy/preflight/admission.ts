// The admission policies of k8s/admission: whether the API server supports them, and whether they are in effect.
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { tryRun } from '../../cli/exec.ts'
import { atPace } from '../../cli/pace.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { applyResource, kubectl, kubectlJson } from '../../kube/kubectl.ts'
import { keySecret, namespace, policyPrefix, protectedLabel } from '../../kube/names.ts'
import { listOf, type Resource } from '../../kube/resources.ts'

/** Milliseconds until an API server enforces a new policy. Usually it takes one or two seconds. */
export const policyDelayMs = 15_000
const pollMs = 500

export const admissionGroup = 'admissionregistration.k8s.io'
const apiResources = z.object({ resources: z.array(z.object({ name: z.string() })) })
const policies = listOf(z.object({ metadata: z.object({ name: z.string() }), spec: z.unknown() }))

/** Throws UserError if the API server does not support ValidatingAdmissionPolicy. */
export async function checkAdmissionKinds(): Promise<void> {
  const args = ['get', '--raw', `/apis/${admissionGroup}/v1`]
  const { resources } = await kubectlJson(apiResources, args)
  if (resources.some(({ name }) => name === 'validatingadmissionpolicies')) return
  throw new UserError(
    'this cluster has no ValidatingAdmissionPolicy, so nothing would keep the key out of other Pods',
    'Upgrade Kubernetes to 1.30 or newer.',
  )
}

/** Returns true if our own policies are the only reason in the stderr of kubectl. */
export function isRefusedOnlyByOurPolicies(stderr: string): boolean {
  const reasons = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Warning:'))
  return (
    reasons.length > 0 &&
    reasons.every((line) =>
      new RegExp(`ValidatingAdmissionPolicy '${policyPrefix}.* denied request`).test(line),
    )
  )
}

/** Returns true if `resources` add or change a policy. Then the current policies do not decide about `resources`. */
export async function changesPolicies(resources: readonly Resource[]): Promise<boolean> {
  const ours = resources.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
  if (ours.length === 0) return false
  const list = { apiVersion: 'v1', kind: 'List', items: ours }
  const live = await kubectl(['get', '-f', '-', '--ignore-not-found', '-o', 'json'], {
    input: JSON.stringify(list),
  })
  const options = ['--force-conflicts', '--dry-run=server', '-o', 'json']
  const applied = await applyResource(list, { options })
  const [before, after] = [live, applied].map((text) =>
    text.trim() === '' ? [] : policies.parse(JSON.parse(text)),
  )
  return !isDeepStrictEqual(before, after)
}

/** Sends a Deployment that exposes the key, as a dry run. Throws UserError if it is still accepted after `waitMs`. */
export async function checkPoliciesInEffect(waitMs = policyDelayMs): Promise<void> {
  const deadline = Date.now() + atPace(waitMs)
  for (;;) {
    const args = ['create', '--dry-run=server', '-f', '-']
    const input = JSON.stringify(exposingDeployment)
    const { code, stderr } = await tryRun('kubectl', args, { input })
    if (code !== 0) {
      if (!isRefusedOnlyByOurPolicies(stderr)) {
        say(`  note  another error came first, so the policies are not tested: ${stderr.trim()}`)
      }
      return
    }
    if (Date.now() >= deadline) {
      throw new UserError(
        'the API server accepts a Deployment that mounts the key into another container, so the policies have no effect',
        'Enable the admission plugin ValidatingAdmissionPolicy of the API server. It is on by default.',
      )
    }
    await sleep(pollMs)
  }
}

// With the labels of every layout, so that no other policy refuses it for the lack of one.
const labels = { app: 'signer', [protectedLabel]: 'true' }
const exposingDeployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'admission-check', namespace },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          {
            name: 'attacker',
            image: 'attacker',
            volumeMounts: [{ name: 'hmac-key', mountPath: '/run/key', readOnly: true }],
          },
        ],
        volumes: [{ name: 'hmac-key', secret: { secretName: keySecret } }],
      },
    },
  },
}
