// The cluster's certificate authority, the certificates of its components, and their kubeconfigs.
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { run } from '../cli/exec.ts'
import { API_SERVICE_IP, NODE_IP, PKI } from './paths.ts'

/** The subject is in OpenSSL's format. */
type Wanted = readonly [name: string, subject: string, extensions: string]

const certificates: readonly Wanted[] = [
  [
    'apiserver',
    '/CN=kube-apiserver',
    `subjectAltName=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:${API_SERVICE_IP},IP:${NODE_IP}\nextendedKeyUsage=serverAuth`,
  ],
  ['admin', '/O=system:masters/CN=admin', 'extendedKeyUsage=clientAuth'],
  ['kubelet-client', '/O=system:masters/CN=kubelet-client', 'extendedKeyUsage=clientAuth'],
  ['controller-manager', '/CN=system:kube-controller-manager', 'extendedKeyUsage=clientAuth'],
  ['scheduler', '/CN=system:kube-scheduler', 'extendedKeyUsage=clientAuth'],
  [
    'kubelet',
    '/O=system:nodes/CN=system:node:mesh-node',
    `subjectAltName=DNS:mesh-node,IP:${NODE_IP}\nextendedKeyUsage=clientAuth,serverAuth`,
  ],
  ['kube-proxy', '/CN=system:kube-proxy', 'extendedKeyUsage=clientAuth'],
]
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
const clients = ['admin', 'controller-manager', 'scheduler', 'kubelet', 'kube-proxy']

export async function ensurePki(): Promise<void> {
  if (!(await readFile(join(PKI, 'ca.crt')).catch(() => undefined))) await makePki()
  // Inside the node, the API server listens on loopback.
  for (const name of clients) {
    await writeKubeconfig(join(PKI, `${name}.conf`), name, 'https://127.0.0.1:6443')
  }
}

/** The folder appears complete or not at all. */
async function makePki(): Promise<void> {
  const folder = `${PKI}.partial`
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
  await makeAuthority(folder, 'kubernetes-ca')
  for (const each of certificates) await issueCertificate(folder, each, folder)
  // RSA, because clusters use it for tokens by default.
  await openssl('genrsa', '-out', 'service-account.key', '2048')
  await openssl('rsa', '-in', 'service-account.key', '-pubout', '-out', 'service-account.pub')
  await writeFile(join(folder, 'encryption.yaml'), stringify(makeEncryption()), { mode: 0o600 })
  await rename(folder, PKI)
}

/** Writes ca.key and ca.crt of a new certificate authority into `folder`. */
export async function makeAuthority(folder: string, name: string): Promise<void> {
  const files = ['-keyout', 'ca.key', '-out', 'ca.crt', '-subj', `/CN=${name}`]
  // Strict clients, such as Python 3.13, refuse an authority that does not say what its key is for.
  const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']
  const args = ['req', '-x509', ...newKey, '-days', '3650', ...usage, ...files]
  await run('openssl', args, { cwd: folder })
}

/** Writes `name`.key, and `name`.crt by the certificate authority in `pki`, into `folder`. */
export async function issueCertificate(
  folder: string,
  [name, subject, extensions]: Wanted,
  pki = PKI,
): Promise<void> {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder })
  const authority = ['-CA', join(pki, 'ca.crt'), '-CAkey', join(pki, 'ca.key'), '-CAcreateserial']
  await writeFile(join(folder, 'extensions'), extensions)
  await openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', 'request', '-subj', subject)
  await openssl(
    ...['x509', '-req', '-in', 'request', ...authority],
    ...['-days', '3650', '-extfile', 'extensions', '-out', `${name}.crt`],
  )
}

/** Writes a kubeconfig with the certificate and key of a client. Only its owner can read it. */
export async function writeKubeconfig(path: string, client: string, server: string): Promise<void> {
  const encode = async (file: string) => (await readFile(join(PKI, file))).toString('base64')
  const name = 'secure-signing'
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': await encode('ca.crt') } }],
    users: [
      {
        name: client,
        user: {
          'client-certificate-data': await encode(`${client}.crt`),
          'client-key-data': await encode(`${client}.key`),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: client } }],
    'current-context': name,
  }
  await writeFile(path, stringify(config), { mode: 0o600 })
  await chmod(path, 0o600)
}

/** Encrypts Secrets in etcd, as a production cluster should. */
function makeEncryption() {
  const secret = randomBytes(32).toString('base64')
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [
      {
        resources: ['secrets'],
        providers: [{ secretbox: { keys: [{ name: 'key-1', secret }] } }, { identity: {} }],
      },
    ],
  }
}
