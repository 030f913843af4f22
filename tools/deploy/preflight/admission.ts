// The admission policies of k8s/admission: can this API server keep them, and does it?
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { tryRun } from '../../cli/exec.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { kubectl, kubectlJson } from '../../kube/kubectl.ts'
import { fieldManager, keySecret, namespace } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'

/** Milliseconds that an API server may take to hear of a new policy; it is one or two seconds. */
export const policyDelayMs = 15_000
const pollMs = 500

export const admissionGroup = 'admissionregistration.k8s.io'
const apiResources = z.object({ resources: z.array(z.object({ name: z.string() })) })
const policy = z.object({ spec: z.unknown() })

/** Throws UserError unless the API server knows ValidatingAdmissionPolicies. */
export async function checkAdmissionKinds(): Promise<void> {
  const { resources } = await kubectlJson(apiResources, [
    'get',
    '--raw',
    `/apis/${admissionGroup}/v1`,
  ])
  if (resources.some(({ name }) => name === 'validatingadmissionpolicies')) return
  throw new UserError(
    'this cluster has no ValidatingAdmissionPolicy: nothing would keep the key out of other Pods',
    'upgrade Kubernetes to 1.30 or newer',
  )
}

/** True if our own policies are all that `stderr` of kubectl objects by. */
export function isRefusedByPolicyAlone(stderr: string): boolean {
  const said = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Warning:'))
  return (
    said.length > 0 &&
    said.every((line) => /ValidatingAdmissionPolicy 'secure-signing-.* denied request/.test(line))
  )
}

/** True if applying `resources` would change a policy that is there: it is not the one to judge by. */
export async function changesPolicies(resources: readonly Resource[]): Promise<boolean> {
  const policies = resources.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
  for (const resource of policies) {
    const live = await kubectl([
      ...['get', `validatingadmissionpolicy/${resource.metadata.name}`, '--ignore-not-found'],
      ...['-o', 'json'],
    ])
    if (live.trim() === '') return true
    const applied = await kubectl(
      [
        ...['apply', '--server-side', `--field-manager=${fieldManager}`, '--force-conflicts'],
        ...['--dry-run=server', '-o', 'json', '-f', '-'],
      ],
      { input: JSON.stringify(resource) },
    )
    const next = policy.parse(JSON.parse(applied))
    if (!isDeepStrictEqual(policy.parse(JSON.parse(live)).spec, next.spec)) return true
  }
  return false
}

/** Tries a Deployment that gives the key away, as a dry run. Throws UserError if it is still accepted after `waitMs`. */
export async function checkPoliciesHold(waitMs = policyDelayMs): Promise<void> {
  const deadline = Date.now() + waitMs
  for (;;) {
    const args = ['create', '--dry-run=server', '-f', '-']
    const { code, stderr } = await tryRun('kubectl', args, { input: JSON.stringify(thief) })
    if (code !== 0) {
      if (!isRefusedByPolicyAlone(stderr)) {
        say(`  note  something else refused it first, so this shows little: ${stderr.trim()}`)
      }
      return
    }
    if (Date.now() >= deadline) {
      throw new UserError(
        'the API server takes a Deployment that mounts the key into another container: the policies have no effect',
        "have the API server's admission plugin ValidatingAdmissionPolicy enabled, which it is by default",
      )
    }
    await sleep(pollMs)
  }
}

const labels = { app: 'admission-check' }
const thief = {
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
            name: 'thief',
            image: 'thief',
            volumeMounts: [{ name: 'hmac-key', mountPath: '/run/key', readOnly: true }],
          },
        ],
        volumes: [{ name: 'hmac-key', secret: { secretName: keySecret } }],
      },
    },
  },
}
