// Both services under the flags of their images, and a way to ask the signer.
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createPairing } from '../../../frontend/pairing.ts'
import { readFlags } from './containerfile.ts'
import { type Entries, makeFolder, makeVolume } from './folder.ts'
import { readPort, startService } from './service-process.ts'

export const jsonType = { 'content-type': 'application/json' }

/** Starts a signer with these entries in its Secret, under its image's flags. */
export async function startSigner(entries: Entries, lingerMs = 0) {
  const [folder, keyDir] = [await makeFolder(), await makeVolume(entries)]
  const pairingDir = await makeFolder()
  const socket = join(folder, 'signer.sock')
  const folders = { '/run/key': keyDir, '/run/signer': folder, '/run/pairing': pairingDir }
  const flags = readFlags('signer', folders)
  const paths = { SIGNER_SOCKET: socket, SIGNER_KEY_DIR: keyDir, SIGNER_PAIRING_DIR: pairingDir }
  const start = () =>
    startService('signer', { ...paths, SIGNER_LINGER_MS: String(lingerMs) }, flags)
  return { signer: start(), restart: start, socket, keyDir, pairingDir }
}

/** Starts a frontend that finds its signer at `signerPort`, under its image's flags; paired, if that has a folder. */
export async function startFrontend(signerPort: number, token: string, pairingDir?: string) {
  const folder = await makeVolume({ token })
  const secret = pairingDir === undefined ? {} : { PAIRING_SECRET_FILE: join(pairingDir, 'secret') }
  const frontend = startService(
    'frontend',
    {
      FRONTEND_PORT: '0',
      SIGNER_URL: `http://127.0.0.1:${signerPort}/sign`,
      CALLER_TOKEN_FILE: join(folder, 'token'),
      ...secret,
    },
    readFlags('frontend', { '/run/identity': folder, '/run/pairing': pairingDir ?? folder }),
  )
  return { frontend, url: `http://127.0.0.1:${await readPort(frontend)}` }
}

/** Headers for a JSON body, signed for /sign with the secret that a signer has left in `pairingDir`. */
export function signHeaders(pairingDir: string, body: string): Record<string, string> {
  const pairing = createPairing(join(pairingDir, 'secret'))
  const request = { method: 'POST', path: '/sign', body: Buffer.from(body) }
  return { ...jsonType, ...pairing.sign(request) }
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

/** Has a message signed as the paired frontend. */
export function askToSign(socketPath: string, pairingDir: string, message: string): Promise<Told> {
  const body = JSON.stringify({ message })
  return ask(socketPath, '/sign', body, signHeaders(pairingDir, body))
}
