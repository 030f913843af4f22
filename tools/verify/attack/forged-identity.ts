// Forges headers and certificates that claim the frontend's identity.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../cli/exec.ts'
import { kubectl } from '../../kube/kubectl.ts'
import { accountOf, type Layout, onePod } from '../../kube/layouts.ts'
import { namespace } from '../../kube/names.ts'

/** Reads the frontend's mesh identity, e.g. "spiffe://cluster.local/ns/signing/sa/secure-signing". */
export async function readSpiffeId(
  { frontend, signer }: Layout = onePod,
  where = namespace,
): Promise<string> {
  const name = 'serviceentry/signer-in-pod'
  const path = 'jsonpath={.spec.subjectAltNames[0]}'
  const found = await kubectl(['get', name, '-n', where, '--ignore-not-found', '-o', path])
  const own = found.trim() || `spiffe://cluster.local/ns/${where}/sa/${accountOf(signer)}`
  return own.replace(/[^/]*$/, accountOf(frontend))
}

/** Headers that a proxy adds after it has verified the caller. */
export function forgeHeaders(spiffeId: string): Record<string, string> {
  return {
    'x-forwarded-client-cert': `By=${spiffeId};Hash=${'0'.repeat(64)};Subject="";URI=${spiffeId}`,
    'x-jwt-payload': Buffer.from(JSON.stringify({ aud: ['signer'] })).toString('base64url'),
    'x-envoy-internal': 'true',
    'x-forwarded-for': '127.0.0.1',
  }
}

/** A self-signed certificate with the frontend's identity, as PEM. */
export async function forgeCertificate(
  spiffeId: string,
): Promise<{ certificate: string; key: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'secure-signing-'))
  try {
    const names = `subjectAltName=critical,URI:${spiffeId}`
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', join(folder, 'key'), '-out', join(folder, 'certificate'), '-days', '1'],
      ...['-subj', '/O=cluster.local', '-addext', names],
    ])
    return {
      certificate: await readFile(join(folder, 'certificate'), 'utf8'),
      key: await readFile(join(folder, 'key'), 'utf8'),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}
