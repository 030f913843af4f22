// HashiCorp Vault's Transit engine on loopback, with its audit log in a file. It is the alternative to the signer.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { findFreePort } from '../../local-cluster/free-port.ts'
import { type Started, startProgram } from './service.ts'
import { ALONE, BATCH, message, messages, type Subject, USUAL, writePost } from './subject.ts'

const toBase64 = (text: string) => Buffer.from(text).toString('base64')

/** Starts `vault` as a development server: in memory, unsealed, with plain HTTP. Then it creates a key. */
export async function startVault(
  vault: string,
  folder: string,
): Promise<{ subjects: [sign: Subject, batch: Subject]; started: Started }> {
  const [port, token] = [await findFreePort(), randomUUID()]
  const listen = `-dev-listen-address=127.0.0.1:${port}`
  const env = { VAULT_DEV_ROOT_TOKEN_ID: token, HOME: folder }
  const args = ['server', '-dev', '-dev-no-store-token', '-log-level=warn', listen]
  const started = await startProgram(
    vault,
    args,
    env,
    join(folder, 'vault.log'),
    'Development mode should',
  )
  const ask = async (path: string, body: unknown) => {
    const headers = { 'x-vault-token': token }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await fetch(`http://127.0.0.1:${port}/v1/${path}`, init)
    if (!response.ok) throw new Error(`Vault answered ${response.status} to ${path}`)
  }
  const options = { file_path: join(folder, 'vault-audit.log') }
  await ask('sys/audit/file', { type: 'file', options })
  await ask('sys/mounts/transit', { type: 'transit' })
  await ask('transit/keys/key-1', { type: 'hmac', key_size: 32 })
  const write = (request: unknown) => () =>
    writePost('/v1/transit/hmac/key-1/sha2-256', request, { 'x-vault-token': token })
  const common = {
    isOurs: false,
    connections: [ALONE, USUAL],
    address: { host: '127.0.0.1', port },
  } as const
  const sign: Subject = {
    ...common,
    id: 'vault',
    name: 'Vault Transit, file audit',
    signatures: 1,
    write: write({ input: toBase64(message) }),
  }
  const batch: Subject = {
    ...common,
    id: 'vault-batch',
    name: `Vault Transit, file audit, batch of ${BATCH}`,
    signatures: BATCH,
    write: write({ batch_input: messages.map((each) => ({ input: toBase64(each) })) }),
  }
  return { subjects: [sign, batch], started }
}
