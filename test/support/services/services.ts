// Starts both services with the flags of their images, and sends requests to the signer.
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createPairing } from '../../../client/pairing.ts'
import { JSON_CASE_HEADER, SNAKE_CASE } from '../../../runtime/previous-version.ts'
import { readFlags } from '../../../tools/images/containerfile.ts'
import { type Entries, makeFolder, makeVolume } from '../folder.ts'
import { findBundle, readPort, startService } from './service-process.ts'

export const jsonType = { 'content-type': 'application/json' }

const caller = 'spiffe://td/ns/signing/sa/frontend'
/** The environment of a signer whose frontend is in another Pod, and the headers of a request to it. */
export const unpaired = {
  env: { SIGNER_PAIRING_DIR: 'none', SIGNER_CALLER: caller, SIGNER_FREEZE_DIR: 'none' },
  headers: {
    'x-forwarded-client-cert': `By=spiffe://td/x;Hash=${'0'.repeat(64)};Subject="";URI=${caller}`,
  },
}

/** Starts a signer with these entries in its Secret, with the flags of its image. */
export async function startSigner(
  entries: Entries,
  shutdownDelayMs = 0,
  environment: Record<string, string> = {},
) {
  const [folder, keyDir] = [await makeFolder(), await makeVolume(entries)]
  const pairingDir = await makeFolder()
  const socket = join(folder, 'signer.sock')
  const flags = readFlags('signer', {
    '/app': dirname(findBundle('signer')),
    '/run/key': keyDir,
    '/run/signer': folder,
    '/run/pairing': pairingDir,
  })
  const settings = {
    SIGNER_SOCKET: socket,
    SIGNER_KEY_DIR: keyDir,
    SIGNER_PAIRING_DIR: pairingDir,
    SIGNER_FREEZE_DIR: 'none',
    SIGNER_SHUTDOWN_DELAY_MS: String(shutdownDelayMs),
  }
  const start = () => startService('signer', { ...settings, ...environment }, flags)
  return { signer: start(), restart: start, socket, keyDir, pairingDir }
}

/** Starts a frontend with the flags of its image and the signer at `signerPort`. It is paired if `pairingDir` is set. */
export async function startFrontend(
  signerPort: number,
  token: string,
  pairingDir?: string,
  shutdownDelayMs = 0,
  environment: Record<string, string> = {},
) {
  const folder = await makeVolume({ token })
  const started = await startFrontendWith(
    {
      SIGNER_URL: `http://127.0.0.1:${signerPort}/sign`,
      CALLER_TOKEN_FILE: join(folder, 'token'),
      FRONTEND_SHUTDOWN_DELAY_MS: String(shutdownDelayMs),
      ...environment,
    },
    { '/run/identity': folder },
    pairingDir,
  )
  return { ...started, tokenDir: folder }
}

/** Starts a frontend with the flags of its image that calls the signer at its socket, without a token. */
export function startFrontendAtSocket(
  { socket, pairingDir }: Paired,
  environment: Record<string, string> = {},
) {
  return startFrontendWith(
    { SIGNER_URL: `unix:${socket}:/sign`, CALLER_TOKEN_FILE: 'none', ...environment },
    { '/run/identity': pairingDir },
    pairingDir,
  )
}

async function startFrontendWith(
  environment: Record<string, string>,
  mounts: Record<string, string>,
  pairingDir: string | undefined,
) {
  const secret = pairingDir === undefined ? 'none' : join(pairingDir, 'secret')
  const frontend = startService(
    'frontend',
    { FRONTEND_PORT: '0', PAIRING_SECRET_FILE: secret, ...environment },
    readFlags('frontend', {
      '/app': dirname(findBundle('frontend')),
      '/run/pairing': pairingDir ?? dirname(findBundle('frontend')),
      ...mounts,
    }),
  )
  return { frontend, url: `http://127.0.0.1:${await readPort(frontend)}` }
}

/** Returns headers for a JSON body, signed for `path` with the pairing secret in `pairingDir`. */
export function signHeaders(
  pairingDir: string,
  body: string,
  path = '/sign',
): Record<string, string> {
  const pairing = createPairing(join(pairingDir, 'secret'))
  const request = { method: 'POST', path, body: Buffer.from(body) }
  return { ...jsonType, [JSON_CASE_HEADER]: SNAKE_CASE, ...pairing.sign(request).headers }
}

type Answer = { status: number | undefined; body: Record<string, unknown> }

/** Sends a request over the Unix socket: GET without a body, else POST. */
export function ask(
  socketPath: string,
  path: string,
  body = '',
  headers: Headers = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const method = body === '' ? 'GET' : 'POST'
    const outgoing = request({ socketPath, path, method, headers }, async (incoming) => {
      resolve({ status: incoming.statusCode, body: JSON.parse(await text(incoming)) })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

type Headers = Record<string, string>

type Paired = { socket: string; pairingDir: string }

/** POSTs `request` as the paired frontend: a string unchanged, anything else as JSON. */
export function askPaired(
  { socket, pairingDir }: Paired,
  path: string,
  request: unknown,
): Promise<Answer> {
  const body = typeof request === 'string' ? request : JSON.stringify(request)
  return ask(socket, path, body, signHeaders(pairingDir, body, path))
}

/** Has a message signed as the paired frontend. */
export function askToSign(socket: string, pairingDir: string, message: string): Promise<Answer> {
  return askPaired({ socket, pairingDir }, '/sign', { message })
}
