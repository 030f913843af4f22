// Skips tests that this machine cannot run. The end of a run prints each reason. In CI, only allowed-skips.ts may skip tests.
import { existsSync } from 'node:fs'
import type { TestOptions } from 'vitest'
import { readVariable } from '../../tools/cli/make-variables.ts'
import { KUBECONFIG, PKI } from '../../tools/local-cluster/paths.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** A test inherits it from its suite. */
    skipReason?: string
  }
}

export const NO_EXTERNAL_SECRETS_CRDS = 'EXTERNAL_SECRETS_CRDS is not set'
export const NO_GO = 'go is not installed'
export const NO_HISTORY = 'this clone has no history'
export const NO_JQ = 'jq is not installed'
export const NO_LINKERD_CRDS = 'LINKERD_CRDS is not set'
export const NO_SECCOMP = 'seccomp needs x86-64, Python and libseccomp'

/** Options for `describe` and `test` that skip them unless `condition` is truthy. */
export function skipUnless(condition: unknown, reason: string): TestOptions {
  return condition ? {} : { skip: true, meta: { skipReason: reason } }
}

const kubeconfig = readVariable('KUBECONFIG')

/** For tests that start an API server with the programs of the local cluster. */
export const needsLocalPrograms = skipUnless(existsSync(PKI), 'the local cluster does not exist')
/** For tests that read the cluster. */
export const needsCluster = skipUnless(kubeconfig, 'KUBECONFIG is not set')
/** For tests that change the cluster's settings or sign with its keys. */
export const needsLocalCluster = skipUnless(
  kubeconfig === KUBECONFIG,
  'KUBECONFIG does not name the local cluster',
)
