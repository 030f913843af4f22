// Rotates the key that the local cluster's API server signs tokens with.
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../../tools/cli/exec.ts'
import { PKI } from '../../../tools/local-cluster/paths.ts'
import { waitForApi } from '../../../tools/local-cluster/ready.ts'
import { findOnNode, killProcess } from '../../../tools/verify/faults/support/node.ts'

const [signing, published] = ['service-account.key', 'service-account.pub'].map((name) =>
  join(PKI, name),
) as [string, string]
const saved = (file: string) => `${file}.saved`

/** The API server signs with a new key at once, and publishes the new one and the old one. */
export async function rotateApiServerKey(): Promise<void> {
  const next = `${signing}.next`
  await run('openssl', ['genrsa', '-out', next, '2048'])
  const publicKey = await run('openssl', ['rsa', '-in', next, '-pubout'])
  await writeFile(published, publicKey + (await readFile(published, 'utf8')))
  await rename(next, signing)
  await restartApiServer()
}

/** Remembers the keys. Returns the function that restores them, as soon as no token of another key is left. */
export async function saveApiServerKey(): Promise<() => Promise<void>> {
  for (const file of [signing, published]) await copyFile(file, saved(file))
  return async () => {
    await rename(saved(signing), signing)
    await restartApiServer()
    await renewTokens()
    // The published keys of the test stay until the next restart of the API server, because other Pods have tokens of them.
    await rename(saved(published), published)
  }
}

/** kubelet keeps tokens in memory, so it makes new ones after a restart. */
export async function renewTokens(): Promise<void> {
  await killProcess(await findOnNode('kubelet'))
}

async function restartApiServer(): Promise<void> {
  await killProcess(await findOnNode('kube-apiserver'))
  await waitForApi()
}
