// Both services under the flags of their images, and a way to ask the signer.
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createPairing } from '../../../frontend/pairing.ts'
import { readFlags } from '../../../tools/images/containerfile.ts'
import { type Entries, makeFolder, makeVolume } from '../folder.ts'
import { findBundle, readPort, startService } from './service-process.ts'

export const jsonType = { 'content-type': 'application/json' }

const caller = 'spiffe://td/ns/signing/sa/frontend'
/** What a signer is told whose frontend is in another Pod, and what it is asked with then. */
export const unpaired = {
  env: { SIGNER_PAIRING_DIR: 'none', SIGNER_CALLER: caller },
  headers: {
    'x-forwarded-client-cert': `By=spiffe://td/x;Hash=${'0'.repeat(64)};Subject="";URI=${caller}`,
  },
}

/** Starts a signer with these entries in its Secret, under its image's flags. */
export async function startSigner(
  entries: Entries,
  lingerMs = 0,
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
  const paths = { SIGNER_SOCKET: socket, SIGNER_KEY_DIR: keyDir, SIGNER_PAIRING_DIR: pairingDir }
  const start = () =>
    startService('signer', { ...paths, SIGNER_LINGER_MS: String(lingerMs), ...environment }, flags)
  return { signer: start(), restart: start, socket, keyDir, pairingDir }
}

/** Starts a frontend that finds its signer at `signerPort`, under its image's flags; paired, if that has a folder. */
export async function startFrontend(
  signerPort: number,
  token: string,
  pairingDir?: string,
  lingerMs = 0,
) {
  const folder = await makeVolume({ token })
  return startFrontendWith(
    {
      SIGNER_URL: `http://127.0.0.1:${signerPort}/sign`,
      CALLER_TOKEN_FILE: join(folder, 'token'),
      FRONTEND_LINGER_MS: String(lingerMs),
    },
    { '/run/identity': folder },
    pairingDir,
  )
}

/** Starts a frontend that calls its signer at the socket, without a token, under its image's flags. */
export function startFrontendAtSocket({ socket, pairingDir }: Paired) {
  return startFrontendWith(
    { SIGNER_URL: `unix:${socket}:/sign`, CALLER_TOKEN_FILE: 'none' },
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

/** Headers for a JSON body, signed for `path` with the secret that a signer has left in `pairingDir`. */
export function signHeaders(
  pairingDir: string,
  body: string,
  path = '/sign',
): Record<string, string> {
  const pairing = createPairing(join(pairingDir, 'secret'))
  const request = { method: 'POST', path, body: Buffer.from(body) }
  return { ...jsonType, ...pairing.sign(request).headers }
}

type Told = { status: number | undefined; body: Record<string, unknown> }

/** Asks over the Unix socket. */
export function ask(
  socketPath: string,
  path: string,
  body = '',
  headers: Headers = {},
): Promise<Told> {
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

/** POSTs `request` as the paired frontend: a string as it is, anything else as JSON. */
export function askPaired(
  { socket, pairingDir }: Paired,
  path: string,
  request: unknown,
): Promise<Told> {
  const body = typeof request === 'string' ? request : JSON.stringify(request)
  return ask(socket, path, body, signHeaders(pairingDir, body, path))
}

/** Has a message signed as the paired frontend. */
export function askToSign(socket: string, pairingDir: string, message: string): Promise<Told> {
  return askPaired({ socket, pairingDir }, '/sign', { message })
}
