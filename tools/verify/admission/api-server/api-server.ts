// A real API server on loopback, with nothing on it: etcd and kube-apiserver of the local cluster, as processes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '../../../local-cluster/free-port.ts'
import { PKI } from '../../../local-cluster/paths.ts'
import { writeKubeconfig } from '../../../local-cluster/pki.ts'
import { buildPrograms } from '../../../local-cluster/programs/programs.ts'
import { type Api, openApi } from './api.ts'
import { bindToParent } from './bind.ts'

const START_MS = 60_000
const POLL_MS = 50

/** Paths. */
export type ApiServerPrograms = { etcd: string; apiServer: string }
export type ApiServer = { kubeconfig: string; api: Api }
/** `folder`: an empty one, for its data. `flags`: more flags of kube-apiserver. */
export type ApiServerOptions = {
  programs: ApiServerPrograms
  folder: string
  flags?: readonly string[]
}

/** Flags with which everyone may do everything, so that admission alone decides. */
export const anyoneMay = ['--authorization-mode=AlwaysAllow']

/** Compiles what is not in the cache. */
export async function findApiServerPrograms(): Promise<ApiServerPrograms> {
  const { etcd, kubernetes } = await buildPrograms()
  return {
    etcd: join(etcd.folder, 'etcd'),
    apiServer: join(kubernetes.folder, 'kube-apiserver'),
  }
}

/** Starts it with the certificates of the local cluster, see ensurePki. It ends when the result is disposed of. */
export async function startApiServer({
  programs,
  folder,
  flags = [],
}: ApiServerOptions): Promise<ApiServer & AsyncDisposable> {
  await using started = new AsyncDisposableStack()
  const [client, peer, secure] = await Promise.all([findFreePort(), findFreePort(), findFreePort()])
  const store = `http://127.0.0.1:${client}`
  const etcdFlags = ['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync']
  const listen = ['--listen-client-urls', store, '--advertise-client-urls', store]
  const peers = ['--listen-peer-urls', `http://127.0.0.1:${peer}`]
  started.defer(start(programs.etcd, [...etcdFlags, ...listen, ...peers]))
  started.defer(start(programs.apiServer, [...listFlags(store, secure), ...flags]))
  const kubeconfig = join(folder, 'kubeconfig')
  await writeKubeconfig(kubeconfig, 'admin', `https://127.0.0.1:${secure}`)
  const api = started.use(await openApi(folder, kubeconfig))
  const deadline = Date.now() + START_MS
  while ((await api.send({ method: 'GET', path: '/readyz' })).status !== 200) {
    if (Date.now() > deadline) throw new Error('the API server did not start')
    await sleep(POLL_MS)
  }
  const all = started.move()
  return { kubeconfig, api, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

function listFlags(store: string, port: number): string[] {
  const pki = (name: string) => join(PKI, name)
  return [
    `--etcd-servers=${store}`,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--tls-cert-file=${pki('apiserver.crt')}`,
    `--tls-private-key-file=${pki('apiserver.key')}`,
    `--client-ca-file=${pki('ca.crt')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${pki('service-account.key')}`,
    `--service-account-key-file=${pki('service-account.pub')}`,
    '--service-cluster-ip-range=10.97.0.0/16',
    '--authorization-mode=RBAC',
    '--allow-privileged', // as clusters have it: what refuses a privileged Pod is admission
  ]
}

/** Returns the function that ends the program. */
function start(program: string, args: readonly string[]): () => Promise<void> {
  const child = spawn(...bindToParent(program, args), { stdio: 'ignore' })
  const ended = once(child, 'close')
  return async () => {
    child.kill('SIGKILL')
    await ended
  }
}
