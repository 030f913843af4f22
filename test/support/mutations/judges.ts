// Who decides about the changes of a rendering, and why nobody decides about some of them.
import { existsSync } from 'node:fs'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { PKI } from '../../../tools/local-cluster/paths.ts'
import { admissionJudge } from '../admission/admission-judge.ts'
import type { Judge } from './judge.ts'
import { createLiveJudge } from './live/live-judge.ts'
import type { Mutation } from './mutation.ts'
import { findShipment } from './renderings.ts'

/** So many deployments attack each other's Pods at the same time. */
const LANES = 2

/** Renderings that the local cluster cannot deploy. Each component has tests of its own. */
const notDeployed: readonly (readonly [name: RegExp, reason: string])[] = [
  [/^linkerd$/, "Linkerd's control plane and proxies do not run here"],
  [/^(vault|external-secrets-)/, 'no key manager runs beside it'],
  [/apparmor|selinux/, 'the kernel of this machine does not enforce its profiles'],
  [/Gateway|token-keys-uri/, 'the local cluster has no such gateway and no server of keys'],
]

/** `name`: one of the renderings. */
export function listJudges(name: string): Judge[] {
  const { layout } = findShipment(name)
  const isDeployed = !notDeployed.some(([pattern]) => pattern.test(name))
  return [
    { ...admissionJudge, missing: findMissingPrograms },
    ...(layout === undefined || !isDeployed
      ? []
      : [{ ...createLiveJudge(layout, LANES), missing: findMissingCluster }]),
  ]
}

/** Returns why no judge decides about a change of the rendering `name`. */
export function explainNoJudge(name: string, { resource }: Mutation): string {
  const found = notDeployed.find(([pattern]) => pattern.test(name))
  return found?.[1] ?? `no judge decides about a ${resource.kind}`
}

async function findMissingPrograms(): Promise<string | undefined> {
  return existsSync(PKI) ? undefined : 'the programs of the local cluster do not exist'
}

async function findMissingCluster(): Promise<string | undefined> {
  return kubectl(['get', '--raw', '/readyz']).then(
    () => undefined,
    () => 'no cluster answers',
  )
}
