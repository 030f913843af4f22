// The registry of Debian's package docker-registry, in the sandbox of the engines, under a name with a certificate.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { run } from '../../../tools/cli/exec.ts'
import type { EngineSandbox } from './engine-sandbox.ts'

/** The engines trust its certificate. It wants a login. */
export const REGISTRY = 'registry.example'
/** The same registry, without a login: with a certificate that no engine trusts, and in plain HTTP. */
export const UNTRUSTED = `${REGISTRY}:5001`
export const PLAIN = `${REGISTRY}:5002`
export const login = { user: 'builder', password: 'of-images' }

const ports = { 443: { tls: true, auth: true }, 5001: { tls: true }, 5002: {} }

const prepare = `
# Docker trusts registries on loopback without a certificate.
ip address add 10.99.0.1/32 dev lo
printf '127.0.0.1 localhost\\n10.99.0.1 ${REGISTRY}\\n' >/etc/hosts
mkdir -p /etc/docker/certs.d/${REGISTRY}
cp "$1/tls.crt" /etc/docker/certs.d/${REGISTRY}/ca.crt
perl -e 'print "${login.user}:", crypt("${login.password}", q($2b$04$) . "a" x 22), "\\n"' >"$1/htpasswd"
`

export async function startRegistry(sandbox: EngineSandbox): Promise<void> {
  const folder = join(sandbox.folder, 'registry')
  await mkdir(folder)
  const certificate = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
  const names = ['-subj', `/CN=${REGISTRY}`, '-addext', `subjectAltName=DNS:${REGISTRY}`]
  const files = ['-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')]
  await run('openssl', ['req', '-x509', '-days', '2', ...certificate, ...names, ...files])
  await sandbox.run(['sh', '-euc', prepare, 'sh', folder])
  for (const [port, { tls, auth }] of Object.entries<{ tls?: boolean; auth?: boolean }>(ports)) {
    const pair = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
    const htpasswd = { realm: 'images', path: join(folder, 'htpasswd') }
    const config = join(folder, `${port}.yml`)
    const settings = {
      version: 0.1,
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(folder, 'storage') } },
      http: { addr: `:${port}`, secret: 'of-the-test', ...(tls && { tls: pair }) },
      ...(auth && { auth: { htpasswd } }),
    }
    await writeFile(config, stringify(settings))
    await sandbox.start(`registry-${port}`, ['docker-registry', 'serve', config])
  }
}

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const platform = z.object({ architecture: z.string() })
const index = z.object({ manifests: z.array(z.object({ digest, platform })) })
const manifest = z.object({ config: z.object({ digest }), layers: z.array(z.object({ digest })) })
const config = z.object({
  architecture: z.string(),
  os: z.string(),
  created: z.string(),
  config: z.object({ User: z.string(), Entrypoint: z.array(z.string()), Env: z.array(z.string()) }),
})

const storageOf = (sandbox: EngineSandbox) =>
  join(sandbox.folder, 'registry/storage/docker/registry/v2')

/** Lists the first folders of the paths to which anything was pushed. */
export function listPushed(sandbox: EngineSandbox): Promise<string[]> {
  return readdir(join(storageOf(sandbox), 'repositories'))
}

/** Reads an image from the registry's storage. `digest` is what its tag names: a manifest, or an index with one of a platform. */
export async function readPushed(
  sandbox: EngineSandbox,
  path: string,
  service: string,
  tag: string,
) {
  const storage = storageOf(sandbox)
  const readBlob = async (digest: string): Promise<unknown> => {
    const sum = digest.replace('sha256:', '')
    const file = join(storage, 'blobs/sha256', sum.slice(0, 2), sum, 'data')
    return JSON.parse(await readFile(file, 'utf8'))
  }
  const link = join(storage, 'repositories', path, service, '_manifests/tags', tag, 'current/link')
  const tagged = await readFile(link, 'utf8')
  const content = await readBlob(tagged)
  // Docker's attestation of the build has the platform "unknown".
  const { manifests } = index.safeParse(content).data ?? { manifests: [] }
  const images = manifests.filter((each) => each.platform.architecture !== 'unknown')
  const image = manifest.parse(images[0] === undefined ? content : await readBlob(images[0].digest))
  return { digest: tagged, config: config.parse(await readBlob(image.config.digest)) }
}
