// Reads the VAULT_* variables, and returns the values that the component vault needs.
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { readVariable, type VariableName } from '../../cli/make-variables.ts'
import { UserError } from '../../cli/terminal.ts'

export type VaultValues = {
  address: string
  host: string
  port: string
  /** Empty: none, as in every Vault that is not Enterprise. */
  namespace: string
  authPath: string
  role: string
  metadataPath: string
  dataPath: string
  ca: string
  image: string
}

/** What https means without one. */
const defaultPort = '443'
/** No quote, no blank, nothing that a template could take for its own: the values are put between quotes. */
const plain = /^[A-Za-z0-9_][A-Za-z0-9._/-]*$/
const image = /^[a-z0-9][A-Za-z0-9._/:@-]*$/

export async function readVaultValues(env = process.env): Promise<VaultValues> {
  const { hostname: host, port } = parseAddress(readVariable('VAULT_ADDR', env) ?? '')
  const kv = read(env, 'VAULT_KV', 'kv')
  const key = read(env, 'VAULT_SECRET_PATH', 'signing/hmac-key')
  return {
    address: `https://${host}:${port || defaultPort}`,
    host,
    port: port || defaultPort,
    namespace: readVariable('VAULT_NAMESPACE', env) ? read(env, 'VAULT_NAMESPACE', '') : '',
    authPath: read(env, 'VAULT_AUTH_PATH', 'auth/kubernetes'),
    role: read(env, 'VAULT_ROLE', 'secure-signing'),
    metadataPath: `${kv}/metadata/${key}`,
    dataPath: `${kv}/data/${key}`,
    ca: await readAuthority(readVariable('VAULT_CACERT', env) ?? ''),
    image: read(env, 'VAULT_IMAGE', 'hashicorp/vault:1.21.1', image),
  }
}

function parseAddress(address: string): URL {
  const url = URL.parse(address)
  // Istio leads to a name; and a key does not travel without TLS.
  const isName = url !== null && /[a-z]/.test(url.hostname) && !url.hostname.startsWith('[')
  if (url?.protocol === 'https:' && isName && url.pathname === '/' && url.username === '') {
    return url
  }
  throw new UserError(
    `VAULT_ADDR="${address}" is no https address with a host name`,
    'VAULT_ADDR=https://vault.example:8200',
  )
}

async function readAuthority(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  // Only certificates: whatever else is in the file, a private key say, is for nobody else.
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (found.length > 0 && found.every(isAuthority)) return found.join('\n')
  throw new UserError(
    `VAULT_CACERT="${file}" is no file with the certificate of an authority`,
    "VAULT_CACERT=file.pem: the certificate of whoever has signed Vault's own",
  )
}

function isAuthority(certificate: string): boolean {
  try {
    return new X509Certificate(certificate).ca
  } catch {
    return false
  }
}

function read(env: NodeJS.ProcessEnv, name: VariableName, otherwise: string, form = plain): string {
  const value = readVariable(name, env) ?? otherwise
  if (form.test(value) && !value.endsWith('/')) return value
  throw new UserError(
    `${name}="${value}" has what it can't have`,
    'letters, digits and . _ - / are taken, and no / at either end',
  )
}
