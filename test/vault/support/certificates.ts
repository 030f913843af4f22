// A certificate authority for one test run, and a server's certificate by it.
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../../tools/cli/exec.ts'

/** PEM. */
export type Certificates = { authority: string; certificate: string; key: string }

/** Makes both for a day; `host` is the server's name. */
export async function makeCertificates(host: string): Promise<Certificates> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'secure-signing-'))
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder.path })
  const read = (name: string) => readFile(join(folder.path, name), 'utf8')
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const authority = ['-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=vault-test-ca']
  await openssl('req', '-x509', ...newKey, '-days', '1', ...authority)
  await writeFile(join(folder.path, 'extensions'), `subjectAltName=DNS:${host}`)
  await openssl('req', ...newKey, '-keyout', 'tls.key', '-out', 'request', '-subj', '/CN=vault')
  await openssl(
    ...['x509', '-req', '-in', 'request', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-days', '1', '-extfile', 'extensions', '-out', 'tls.crt'],
  )
  return {
    authority: await read('ca.crt'),
    certificate: await read('tls.crt'),
    key: await read('tls.key'),
  }
}
