// Reads the values of the component vault from the variables VAULT_*.
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { readVariable, type VariableName } from '../../cli/make-variables.ts'
import { UserError } from '../../cli/terminal.ts'
import { namespace } from '../../kube/names.ts'

export type VaultValues = {
  address: string
  host: string
  port: string
  /** Empty without Vault Enterprise. */
  namespace: string
  authPath: string
  role: string
  metadataPath: string
  dataPath: string
  ca: string
  image: string
}

const defaultPort = '443'
/** The values stand between quotes in a template, so they may not contain quotes, spaces or template syntax. */
const plain = /^[A-Za-z0-9_][A-Za-z0-9._/-]*$/
const image = /^[a-z0-9][A-Za-z0-9._/:@-]*$/

export async function readVaultValues(env = process.env): Promise<VaultValues> {
  const { hostname: host, port } = parseAddress(readVariable('VAULT_ADDR', env) ?? '')
  const kv = read(env, 'VAULT_KV', 'kv')
  const key = read(env, 'VAULT_SECRET_PATH', `${namespace}/hmac-key`)
  return {
    address: `https://${host}:${port || defaultPort}`,
    host,
    port: port || defaultPort,
    namespace: readVariable('VAULT_NAMESPACE', env) ? read(env, 'VAULT_NAMESPACE', '') : '',
    authPath: read(env, 'VAULT_AUTH_PATH', 'auth/kubernetes'),
    role: read(env, 'VAULT_ROLE', `secure-${namespace}`),
    metadataPath: `${kv}/metadata/${key}`,
    dataPath: `${kv}/data/${key}`,
    ca: await readCaCertificates(readVariable('VAULT_CACERT', env) ?? ''),
    image: read(env, 'VAULT_IMAGE', 'hashicorp/vault:1.21.1', image),
  }
}

function parseAddress(address: string): URL {
  const url = URL.parse(address)
  // Istio routes by host name, and a key needs TLS on its way.
  const isName = url !== null && /[a-z]/.test(url.hostname) && !url.hostname.startsWith('[')
  if (url?.protocol === 'https:' && isName && url.pathname === '/' && url.username === '') {
    return url
  }
  throw new UserError(
    `VAULT_ADDR="${address}" is not an https address with a host name`,
    'Give the address of Vault, for example VAULT_ADDR=https://vault.example:8200.',
  )
}

async function readCaCertificates(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  // Only the certificates, because the file may also contain a private key.
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (found.length > 0 && found.every(isCa)) return found.join('\n')
  throw new UserError(
    `VAULT_CACERT="${file}" is not a PEM file with CA certificates`,
    "Give the certificate of the CA that signed Vault's certificate: VAULT_CACERT=file.pem.",
  )
}

function isCa(certificate: string): boolean {
  try {
    return new X509Certificate(certificate).ca
  } catch {
    return false
  }
}

function read(env: NodeJS.ProcessEnv, name: VariableName, fallback: string, form = plain): string {
  const value = readVariable(name, env) ?? fallback
  if (form.test(value) && !value.endsWith('/')) return value
  throw new UserError(
    `${name}="${value}" is not valid`,
    'Use only letters, digits and . _ - /, and no / at the start or end.',
  )
}
