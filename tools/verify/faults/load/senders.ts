// Sends the requests of each kind of load: public clients through the ingress gateway, the frontend's own code from within its
// Pod, and attackers.
import { createSecretKey, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import { createCallerToken } from '../../../../client/caller-token.ts'
import { createPairing } from '../../../../client/pairing.ts'
import { loadConfig } from '../../../../frontend/config.ts'
import { processResponse } from '../../../../frontend/process-endpoint.ts'
import { createSignerClient } from '../../../../frontend/signer-client.ts'
import { AppError } from '../../../../runtime/errors.ts'
import { runProbes } from '../../attack/probe.ts'
import { readStatus, signParts, tokenHeader, writeRequest } from '../../attack/requests.ts'
import type { Answer, Send } from './schedule.ts'

export type LoadSpec =
  | { kind: 'public'; url: string }
  | { kind: 'frontend'; tokenFile: string; pairingFile: string }
  /** Each request has its own connection, and shows the frontend's stolen credentials, if they are given and exist. */
  | { kind: 'attack'; host: string; port: number; tokenFile?: string; pairingFile?: string }

/** A request without an answer by then has failed. */
const TIMEOUT_MS = 5_000

/** Returns a function that sends one request. It never rejects. */
export function createSender(spec: LoadSpec): Send {
  const run = randomBytes(6).toString('hex')
  const write = (sequence: number) => `load ${run} ${sequence}`
  switch (spec.kind) {
    case 'public':
      return createPublicSender(new URL('/process', spec.url), write)
    case 'frontend':
      return createFrontendSender(spec, write)
    case 'attack':
      return createAttackSender(spec)
  }
}

function createPublicSender(url: URL, write: (sequence: number) => string): Send {
  const agent = new Agent({ keepAlive: true })
  return (sequence) => {
    const body = JSON.stringify({ message: write(sequence) })
    return new Promise((resolve) => {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
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

/** Reads our error code, or the plain text of a proxy. */
function readCode(text: string): string {
  const code = /"code":"(\w+)"/.exec(text)?.[1]
  if (code !== undefined) return code
  return `by a proxy: ${/reset reason: ([\w ]+)/.exec(text)?.[1] ?? text.slice(0, 40)}`
}

function createFrontendSender(
  { tokenFile, pairingFile }: Extract<LoadSpec, { kind: 'frontend' }>,
  write: (sequence: number) => string,
): Send {
  // The frontend's defaults.
  const { signer, signerTimeoutMs } = loadConfig({ PAIRING_SECRET_FILE: 'none' })
  const askSigner = createSignerClient({
    target: signer,
    timeoutMs: signerTimeoutMs,
    callerToken: createCallerToken(tokenFile),
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

function createAttackSender(spec: Extract<LoadSpec, { kind: 'attack' }>): Send {
  const { host, port, tokenFile, pairingFile } = spec
  return async () => {
    const token = await readStolen(tokenFile)
    const secret = await readStolen(pairingFile)
    const parts = token === undefined ? {} : { headers: tokenHeader(token.toString('utf8')) }
    const signed = secret === undefined ? parts : signParts(createSecretKey(secret), parts)
    const [outcome] = await runProbes([{ host, port, bytes: writeRequest(signed) }], TIMEOUT_MS)
    const status = readStatus(outcome?.received ?? '')
    return { outcome: status === undefined ? 'no answer' : String(status) }
  }
}

/** Undefined while the Pod with the file starts or ends. */
async function readStolen(file: string | undefined): Promise<Buffer | undefined> {
  const bytes = file === undefined ? undefined : await readFile(file).catch(() => undefined)
  return bytes?.length === 0 ? undefined : bytes
}
