// All attempts on a deployment, each with the policy that has to refuse it.
import { container as application } from '../../../kube/names.ts'
import { canAttempt } from '../attempt.ts'
import { allowedCases } from './allowed-cases.ts'
import { askerCases, elsewhereCases } from './asker-cases.ts'
import type { AdmissionCase, AdmissionTarget, Attempt } from './case.ts'
import { confinementCases } from './confinement-cases.ts'
import { entryCases } from './entry-cases.ts'
import { keyCases } from './key-cases.ts'
import {
  listContainerRows,
  listPodRows,
  makeRestrictedPod,
  podSecurityCases,
} from './pod-security-cases.ts'
import { allowedProxyCases, proxyCases } from './proxy-cases.ts'
import { restrictedPods } from './restricted-pods.ts'
import { signerCases } from './signer-cases.ts'
import { vaultCases } from './vault-cases.ts'
import { olderCases, otherCases, workloadCases } from './workload-cases.ts'

const debuggerContainer = 'spec.ephemeralContainers.debugger'
const restrictedSpec = Object(makeRestrictedPod().spec)

/** For every deployment. */
export const admissionCases: readonly AdmissionCase[] = [
  ...allowedCases,
  ...keyCases,
  ...signerCases,
  ...entryCases,
  ...allowedProxyCases,
  ...proxyCases,
]

/** What Pod Security "restricted" refuses and what it just allows. The policy pods-stay-restricted can take its place. */
const podSecurity: readonly AdmissionCase[] = [
  ...listPodRows(application).map(
    ([name, , , ...changes]): AdmissionCase => ({
      ...{ name: `our Pod with ${name}`, refusedBy: 'Pod Security' },
      attempt: { does: 'make', changes },
    }),
  ),
  ...podSecurityCases.map(
    ({ name, changes }): AdmissionCase => ({
      ...{ name: `a Pod with ${name}`, refusedBy: 'Pod Security' },
      attempt: { does: 'make', pod: restrictedSpec, changes },
    }),
  ),
  ...listContainerRows(debuggerContainer).map(
    ([name, , , ...changes]): AdmissionCase => ({
      ...{ name: `an ephemeral container with ${name}`, refusedBy: 'Pod Security' },
      attempt: { does: 'add an ephemeral container', to: 'a Pod without the key', changes },
    }),
  ),
  ...restrictedPods.map(
    ([name, ...changes]): AdmissionCase => ({
      ...{ name: `a Pod with ${name}`, refusedBy: 'nobody' },
      attempt: { does: 'make', pod: restrictedSpec, changes },
    }),
  ),
]

/** `on`: the index of the target. */
export type TargetCase = AdmissionCase & { on: number }

/** Returns those that can be tried on `targets`: each on every target, or on the first if it does not depend on the target. */
export function listCases(targets: readonly AdmissionTarget[]): TargetCase[] {
  const hasAgent = JSON.stringify(targets.map(({ template }) => template)).includes('"vault-agent"')
  const cases = [
    ...[...admissionCases, ...podSecurity, ...workloadCases, ...olderCases, ...otherCases],
    ...[...askerCases, ...elsewhereCases, ...confinementCases],
    ...(hasAgent ? vaultCases : []),
  ]
  return targets.flatMap((target, on) =>
    cases
      .filter(({ attempt }) => (on === 0 || isAboutTarget(attempt)) && canAttempt(target, attempt))
      .map((each) => ({
        ...{ ...each, on },
        name: targets.length === 1 ? each.name : `${target.deployment}: ${each.name}`,
      })),
  )
}

function isAboutTarget(attempt: Attempt): boolean {
  if (attempt.does === 'make') return attempt.pod === undefined
  return !/ConfigMap|token|workload/.test(attempt.does)
}
