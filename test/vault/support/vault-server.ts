// A real Vault on the local cluster, brought up sealed and empty, and taken away.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { PKI } from '../../../tools/local-cluster/paths.ts'
import { issueCertificate } from '../../../tools/local-cluster/pki.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { findInContainer, killProcess } from '../../../tools/verify/faults/support/node.ts'
import { podSchema, toPod } from '../../../tools/verify/faults/support/pods.ts'
import { makeFolder } from '../../support/folder.ts'
import { OWN_PODS_MS } from '../../support/timeouts.ts'
import { askVault, type Question, type Reply, type VaultPlace } from './vault-api.ts'

const namespace = 'signing-vault'
const host = `vault.${namespace}.svc.cluster.local`
const initialized = z.object({ keys: z.array(z.string()), root_token: z.string() })

export type Vault = {
  place: VaultPlace
  /** Asks as root. Throws if Vault refuses. */
  ask: (method: string, path: string, body?: object) => Promise<Reply>
  /** Asks with the token of the question, if it has one. */
  tryToAsk: (question: Question) => Promise<Reply>
  /** Ends it as a crash does; it starts again by itself, sealed. */
  kill: () => Promise<void>
  unseal: () => Promise<void>
  readLog: () => Promise<string>
  stop: () => Promise<void>
}

/** Brings it up and unseals it. What an interrupted run has left goes first. */
export async function startVault(image: string): Promise<Vault> {
  await takeAway()
  await bringUp(image)
  const authority = await readFile(join(PKI, 'ca.crt'), 'utf8')
  const place = { namespace, host, port: 8200, authority }
  const tryToAsk = (question: Question) => askVault(place, question)
  await waitUntilListening(tryToAsk)
  const init = { method: 'PUT', path: 'sys/init', body: { secret_shares: 1, secret_threshold: 1 } }
  const { keys, root_token: token } = initialized.parse((await tryToAsk(init)).body)
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await tryToAsk({ method, path, token, ...(body && { body }) })
    if (answer.status < 300) return answer
    throw new Error(`Vault answers ${answer.status} to ${path}: ${answer.body.errors.join()}`)
  }
  const unseal = async () => {
    await waitUntilListening(tryToAsk)
    await ask('PUT', 'sys/unseal', { key: keys[0] })
  }
  await unseal()
  return {
    ...{ place, ask, tryToAsk, unseal, stop: takeAway },
    kill: async () => killProcess(await findInContainer(await readPod(), 'vault', 'vault')),
    readLog: () => kubectl(['logs', '-n', namespace, 'vault']),
  }
}

async function bringUp(image: string): Promise<void> {
  const folder = await makeFolder()
  await issueCertificate(folder, ['tls', '/CN=vault', `subjectAltName=DNS:${host}`])
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  const text = (await readFile(join(import.meta.dirname, 'vault.yaml'), 'utf8'))
    .replaceAll('NAMESPACE', namespace)
    .replaceAll('HOST', host)
    .replaceAll('IMAGE', image)
  const secret = {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'vault-tls', namespace } },
    stringData: { 'tls.crt': await read('tls.crt'), 'tls.key': await read('tls.key') },
  }
  const { items, ...list } = parse(text)
  const input = JSON.stringify({ ...list, items: [...items, secret] })
  await kubectl(['create', '-f', '-'], { input })
}

async function takeAway(): Promise<void> {
  const now = ['--ignore-not-found', '--grace-period=0', `--timeout=${OWN_PODS_MS}ms`]
  await kubectl(['delete', 'clusterrolebinding', `${namespace}-reviews-tokens`, ...now])
  await kubectl(['delete', 'namespace', namespace, ...now], { timeoutMs: OWN_PODS_MS })
}

async function readPod() {
  return toPod(await kubectlJson(podSchema, ['get', 'pod', 'vault', '-n', namespace, '-o', 'json']))
}

function waitUntilListening(tryToAsk: Vault['tryToAsk']): Promise<Reply> {
  return waitFor(
    () => tryToAsk({ method: 'GET', path: 'sys/seal-status' }).catch(() => undefined),
    OWN_PODS_MS,
    () => 'Vault does not answer',
  )
}
