// An API server as a process, for as long as the test lasts.
import { inject, vi } from 'vitest'
import { UserError } from '../../../tools/cli/terminal.ts'
import {
  type ApiServer,
  startApiServer,
} from '../../../tools/verify/admission/api-server/api-server.ts'
import { cleanUp } from '../clean-up.ts'
import { makeFolder } from '../folder.ts'

/** Starts it. `flags`: more flags of kube-apiserver. */
export async function startBareApiServer(flags: readonly string[] = []): Promise<ApiServer> {
  const programs = inject('apiServerPrograms')
  if (programs === undefined) throw new UserError('the local cluster is not there', 'make cluster')
  const server = await startApiServer({ programs, folder: await makeFolder(), flags })
  cleanUp(() => server[Symbol.asyncDispose]())
  return server
}

/** Starts it, and makes it the cluster of every kubectl. */
export async function useBareApiServer(flags: readonly string[] = []): Promise<ApiServer> {
  const server = await startBareApiServer(flags)
  vi.stubEnv('KUBECONFIG', server.kubeconfig)
  return server
}
