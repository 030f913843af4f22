// Requests to an API server. They go through one `kubectl proxy`, because a kubectl process for each request takes too long.
// The proxy listens on a socket that only this user can open, and accepts every kubeconfig that kubectl accepts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pluralize } from '../../../deploy/preflight/permissions.ts'
import { fieldManager } from '../../../kube/names.ts'
import type { Resource } from '../../../kube/resources.ts'
import { bindToParent } from './bind.ts'

/** `said` is the body, or the message of an error. `warning` is the header of the same name. */
export type Answer = { status: number; said: string; warning: string }
export type User = { name: string; group?: string }
export type Request = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  body?: unknown
  contentType?: string
  /** By default it is the user of the kubeconfig. */
  as?: User
}
export type Api = {
  send: (request: Request) => Promise<Answer>
  /** As `kubectl create --dry-run=server`. */
  tryCreate: (resource: Resource, as?: User) => Promise<Answer>
  /** As `kubectl create`. Throws what the API server says if it refuses. */
  create: (resource: Resource) => Promise<void>
  /** As `make deploy` would apply a resource, without an effect. */
  tryApply: (resource: Resource) => Promise<Answer>
  /** As `make deploy` applies a resource. Throws what the API server says if it refuses. */
  apply: (resource: Resource) => Promise<void>
}

const START_MS = 10_000
const strict = 'fieldValidation=Strict'
const withoutLimits = ['--reject-paths=^$', '--reject-methods=^$']

/** Opens the API of the cluster that `kubeconfig` names. The socket is in `folder`. Throws what kubectl prints if it cannot. */
export async function openApi(
  folder: string,
  kubeconfig = process.env.KUBECONFIG,
): Promise<Api & AsyncDisposable> {
  const socketPath = join(folder, 'socket')
  const args = ['proxy', '--unix-socket', socketPath, ...withoutLimits]
  const proxy = spawn(...bindToParent('kubectl', args), {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const agent = new Agent({ keepAlive: true })
  const ended = once(proxy, 'close')
  const close = async () => {
    agent.destroy()
    proxy.kill()
    await ended
  }
  const listening = once(proxy.stdout, 'data', { signal: AbortSignal.timeout(START_MS) })
  const failed = text(proxy.stderr).then((said) => Promise.reject(new Error(said)))
  try {
    await Promise.race([listening, failed])
  } catch (error) {
    await close()
    throw error
  }
  failed.catch(() => {})

  async function send({ method, path, body, contentType, as }: Request): Promise<Answer> {
    const headers = {
      'content-type': contentType ?? 'application/json',
      ...(as && { 'impersonate-user': as.name }),
      ...(as?.group && { 'impersonate-group': as.group }),
    }
    const outgoing = request({ socketPath, path, method, headers, agent })
    outgoing.end(body === undefined ? '' : JSON.stringify(body))
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    const status = incoming.statusCode ?? 0
    const said = await text(incoming)
    // As for an empty apiVersion.
    if (status >= 300 && status < 400) {
      return { status: 404, said: `there is no resource at ${path}`, warning: '' }
    }
    const warning = incoming.headers.warning ?? ''
    return { status, said: status < 400 ? said : readMessage(said), warning }
  }

  async function demand(request: Request): Promise<void> {
    const { status, said } = await send(request)
    if (status >= 400) throw new Error(said)
  }

  return {
    [Symbol.asyncDispose]: close,
    send,
    tryCreate: (body, as) => send({ ...creationOf(body, '&dryRun=All'), ...(as && { as }) }),
    create: (body) => demand(creationOf(body)),
    tryApply: (body) => send(applyOf(body, '&dryRun=All')),
    apply: (body) => demand(applyOf(body)),
  }
}

/** Returns the request of `kubectl create`. */
export function creationOf(body: Resource, more = ''): Request {
  return { method: 'POST', path: `${pathOfKind(body)}?${strict}${more}`, body }
}

function applyOf(body: Resource, more = ''): Request {
  const query = `fieldManager=${fieldManager}&${strict}${more}`
  const path = `${pathOfKind(body)}/${body.metadata.name}?${query}`
  return { method: 'PATCH', path, body, contentType: 'application/apply-patch+yaml' }
}

/** Returns the path of all resources of its kind and namespace. */
export function pathOfKind({ apiVersion, kind, metadata: { namespace } }: Resource): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`
  return `${group}${scope}/${pluralize(kind)}`
}

/** Returns the message of a Status, or an answer that is none as it is. */
function readMessage(said: string): string {
  try {
    return String(JSON.parse(said).message)
  } catch {
    return said
  }
}
