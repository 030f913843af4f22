// The three settings, which are the same for the clients of every language.
import { isAbsolute } from 'node:path'
import { urlToHttpOptions } from 'node:url'
import { SignerError } from './signer-error.ts'

const overSocket = /^unix:((?:\/[\w.-]+)+):((?:\/[\w.-]+)+)$/

/** The signer's address: the connection options for node:http, and the path of a request. */
export type SignerTarget = {
  connect: { socketPath: string } | { hostname: string; port: string | undefined }
  path: string
}

/** Undefined stands for the word none. */
export type Settings = {
  url: string
  target: SignerTarget
  tokenFile: string | undefined
  secretFile: string | undefined
}

/**
 * Reads http://host:port/path, through the mesh, or unix:/path/of/socket:/path, at the signer's own socket. Returns undefined
 * for any other URL, also for one with a user, query or fragment.
 */
export function parseSignerUrl(value: string): SignerTarget | undefined {
  if (!URL.canParse(value)) return undefined
  const url = new URL(value)
  const [, socketPath, path = ''] = overSocket.exec(url.href) ?? []
  if (socketPath !== undefined) return { connect: { socketPath }, path }
  if (url.href !== `http://${url.host}${url.pathname}`) return undefined
  const { hostname, port } = urlToHttpOptions(url)
  return { connect: { hostname: hostname ?? '', port: port?.toString() }, path: url.pathname }
}

/** Returns true if the target is a socket in this Pod, without a proxy in between. */
export function isSocket({ connect }: SignerTarget): boolean {
  return 'socketPath' in connect
}

/** Reads SIGNER_URL, CALLER_TOKEN_FILE and PAIRING_SECRET_FILE. Throws SignerError settings_invalid. */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const { SIGNER_URL: url = 'http://localhost:8081/sign' } = environment
  const target = parseSignerUrl(url)
  const readPath = (name: string, fallback: string) => {
    const file = environment[name] ?? fallback
    if (file === 'none') return undefined
    if (isAbsolute(file)) return file
    throw invalid(name, 'must be an absolute path, or the word none')
  }
  if (target === undefined) {
    const forms = 'http://host:port/path without user, query or fragment, or unix:/socket:/path'
    throw invalid('SIGNER_URL', `must be ${forms}`)
  }
  const tokenFile = readPath('CALLER_TOKEN_FILE', '/run/identity/token')
  const secretFile = readPath('PAIRING_SECRET_FILE', '/run/pairing/secret')
  // No mesh checks a token there, so pairing is the only control.
  if (isSocket(target)) {
    if (tokenFile !== undefined) {
      throw invalid('CALLER_TOKEN_FILE', 'must be none, because SIGNER_URL is a socket')
    }
    if (secretFile === undefined) {
      throw invalid('PAIRING_SECRET_FILE', 'must be set, because SIGNER_URL is a socket')
    }
  }
  return { url, target, tokenFile, secretFile }
}

function invalid(name: string, what: string): SignerError {
  return new SignerError('settings_invalid', `${name}: ${what}`)
}
