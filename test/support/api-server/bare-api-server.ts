// A real API server on loopback, with nothing on it: etcd and kube-apiserver of the local cluster.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inject, vi } from 'vitest'
import { UserError } from '../../../tools/cli/terminal.ts'
import { findFreePort } from '../../../tools/local-cluster/free-port.ts'
import { PKI } from '../../../tools/local-cluster/paths.ts'
import { writeKubeconfig } from '../../../tools/local-cluster/pki.ts'
import { cleanUp } from '../clean-up.ts'
import { makeFolder } from '../folder.ts'
import { type Api, openApi } from './api.ts'

const START_MS = 60_000
const POLL_MS = 50

export type BareApiServer = { kubeconfig: string; api: Api }

/** Starts it for as long as the test lasts. `flags`: more flags of kube-apiserver. */
export async function startBareApiServer(flags: readonly string[] = []): Promise<BareApiServer> {
  const programs = inject('apiServerPrograms')
  if (programs === undefined) throw new UserError('the local cluster is not there', 'make cluster')
  const folder = await makeFolder()
  const [client, peer, secure] = await Promise.all([findFreePort(), findFreePort(), findFreePort()])
  const store = `http://127.0.0.1:${client}`
  const etcdFlags = ['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync']
  const listen = ['--listen-client-urls', store, '--advertise-client-urls', store]
  const peers = ['--listen-peer-urls', `http://127.0.0.1:${peer}`]
  const processes = [
    start(programs.etcd, [...etcdFlags, ...listen, ...peers]),
    start(programs.apiServer, [...listFlags(store, secure), ...flags]),
  ]
  cleanUp(async () => {
    for (const child of processes) {
      const ended = once(child, 'close')
      if (child.kill('SIGKILL')) await ended
    }
  })
  const kubeconfig = join(folder, 'kubeconfig')
  await writeKubeconfig(kubeconfig, 'admin', `https://127.0.0.1:${secure}`)
  const api = await openApi(kubeconfig)
  const deadline = Date.now() + START_MS
  while ((await api.send({ method: 'GET', path: '/readyz' })).status !== 200) {
    if (Date.now() > deadline) throw new Error('the bare API server did not start')
    await sleep(POLL_MS)
  }
  return { kubeconfig, api }
}

/** Starts it, and makes it the cluster of every kubectl. */
export async function useBareApiServer(flags: readonly string[] = []): Promise<BareApiServer> {
  const server = await startBareApiServer(flags)
  vi.stubEnv('KUBECONFIG', server.kubeconfig)
  return server
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

function start(program: string, args: readonly string[]) {
  return spawn(program, args, { stdio: 'ignore' })
}
