// Both services under the flags of their images, and a way to ask the signer.
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { readFlags } from './containerfile.ts'
import { type Entries, makeFolder, makeVolume } from './folder.ts'
import { readPort, startService } from './service-process.ts'

export const jsonType = { 'content-type': 'application/json' }

/** Starts a signer with these entries in its Secret, under its image's flags. */
export async function startSigner(entries: Entries, lingerMs = 0) {
  const [folder, keyDir] = [await makeFolder(), await makeVolume(entries)]
  const socket = join(folder, 'signer.sock')
  const flags = readFlags('signer', { '/run/key': keyDir, '/run/signer': folder })
  const paths = { SIGNER_SOCKET: socket, SIGNER_KEY_DIR: keyDir }
  const start = () =>
    startService('signer', { ...paths, SIGNER_LINGER_MS: String(lingerMs) }, flags)
  return { signer: start(), restart: start, socket, keyDir }
}

/** Starts a frontend that finds its signer at `signerPort`, under its image's flags. */
export async function startFrontend(signerPort: number, token: string) {
  const folder = await makeVolume({ token })
  const frontend = startService(
    'frontend',
    {
      FRONTEND_PORT: '0',
      SIGNER_URL: `http://127.0.0.1:${signerPort}/sign`,
      CALLER_TOKEN_FILE: join(folder, 'token'),
    },
    readFlags('frontend', { '/run/identity': folder }),
  )
  return { frontend, url: `http://127.0.0.1:${await readPort(frontend)}` }
}

/** Asks over the Unix socket. */
export function ask(socketPath: string, path: string, body?: unknown) {
  return new Promise<{ status: number | undefined; body: Record<string, unknown> }>(
    (resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST'
      const outgoing = request(
        { socketPath, path, method, headers: jsonType },
        async (incoming) => {
          resolve({ status: incoming.statusCode, body: JSON.parse(await text(incoming)) })
        },
      )
      outgoing.on('error', reject)
      outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    },
  )
}
