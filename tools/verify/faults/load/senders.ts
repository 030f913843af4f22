// How each kind of load sends requests: public clients through the ingress gateway, the frontend with its own code from within its
// Pod, and who has no right to anything.
import { createSecretKey, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import { createTokenReader } from '../../../../frontend/caller-token.ts'
import { loadConfig } from '../../../../frontend/config.ts'
import { createPairing } from '../../../../frontend/pairing.ts'
import { processResponse } from '../../../../frontend/process-endpoint.ts'
import { createSignerClient } from '../../../../frontend/signer-client.ts'
import { AppError } from '../../../../runtime/errors.ts'
import { runProbes } from '../../attack/probe.ts'
import { bearer, readStatus, signParts, writeRequest } from '../../attack/requests.ts'
import type { Answer, Send } from './schedule.ts'

export type LoadSpec =
  | { kind: 'public'; url: string }
  | { kind: 'frontend'; tokenFile: string; pairingFile: string }
  /** Each on a connection of its own, with what was stolen from the frontend, as far as it is given and there. */
  | { kind: 'knock'; host: string; port: number; tokenFile?: string; pairingFile?: string }

/** Of a caller; what is not answered by then has failed. */
const PATIENCE_MS = 5_000

/** Makes the function that sends one request. It does not reject. */
export function createSender(spec: LoadSpec): Send {
  const run = randomBytes(6).toString('hex')
  const write = (sequence: number) => `load ${run} ${sequence}`
  switch (spec.kind) {
    case 'public':
      return createPublicSender(new URL('/process', spec.url), write)
    case 'frontend':
      return createFrontendSender(spec, write)
    case 'knock':
      return createAttempt(spec)
  }
}

function createPublicSender(url: URL, write: (sequence: number) => string): Send {
  const agent = new Agent({ keepAlive: true })
  return (sequence) => {
    const body = JSON.stringify({ message: write(sequence) })
    return new Promise((resolve) => {
      const signal = AbortSignal.timeout(PATIENCE_MS)
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }
      const fail = (error: NodeJS.ErrnoException) =>
        resolve({ outcome: signal.aborted ? 'no answer' : (error.code ?? error.message) })
      const outgoing = request(url, { method: 'POST', agent, headers, signal }, (incoming) => {
        let text = ''
        incoming.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        incoming.on('error', fail)
        incoming.on('end', () => resolve(readAnswer(incoming, text)))
      })
      outgoing.on('error', fail)
      outgoing.end(body)
    })
  }
}

function readAnswer({ statusCode: status, headers }: IncomingMessage, text: string): Answer {
  if (status !== 200) return { outcome: [status, readCode(text)].join(' ').trim() }
  const { data } = processResponse.safeParse(JSON.parse(text))
  if (data === undefined) return { outcome: '200, but no signature' }
  const { processed_message: message, signature, key_id: keyId } = data
  const requestId = String(headers['x-request-id'])
  return { outcome: 'signed', signed: { message, signature, keyId, requestId } }
}

/** The code of a problem of ours, or what a proxy says in plain text. */
function readCode(text: string): string {
  const code = /"code":"(\w+)"/.exec(text)?.[1]
  if (code !== undefined) return code
  return `by a proxy: ${/reset reason: ([\w ]+)/.exec(text)?.[1] ?? text.slice(0, 40)}`
}

function createFrontendSender(
  { tokenFile, pairingFile }: Extract<LoadSpec, { kind: 'frontend' }>,
  write: (sequence: number) => string,
): Send {
  // As the frontend has them by default.
  const { signerUrl, signerTimeoutMs } = loadConfig({ PAIRING_SECRET_FILE: 'none' })
  const askSigner = createSignerClient({
    url: signerUrl,
    timeoutMs: signerTimeoutMs,
    readToken: createTokenReader(tokenFile),
    pairing: createPairing(pairingFile),
  })
  return async (sequence) => {
    const message = write(sequence)
    const requestId = message.replaceAll(' ', '-')
    try {
      const { signature, key_id: keyId } = await askSigner(message, requestId)
      return { outcome: 'signed', signed: { message, signature, keyId, requestId } }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return { outcome: `${error.code}: ${error.message}` }
    }
  }
}

function createAttempt(spec: Extract<LoadSpec, { kind: 'knock' }>): Send {
  const { host, port, tokenFile, pairingFile } = spec
  return async () => {
    const token = await readStolen(tokenFile)
    const secret = await readStolen(pairingFile)
    const parts = token === undefined ? {} : { headers: bearer(token.toString('utf8')) }
    const signed = secret === undefined ? parts : signParts(createSecretKey(secret), parts)
    const [outcome] = await runProbes([{ host, port, bytes: writeRequest(signed) }], PATIENCE_MS)
    const status = readStatus(outcome?.received ?? '')
    return { outcome: status === undefined ? 'no answer' : String(status) }
  }
}

/** Nothing while the Pod that it was stolen from comes or goes. */
async function readStolen(file: string | undefined): Promise<Buffer | undefined> {
  const bytes = file === undefined ? undefined : await readFile(file).catch(() => undefined)
  return bytes?.length === 0 ? undefined : bytes
}
