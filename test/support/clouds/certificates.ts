// A certificate authority made for one test file, and the certificate of the clouds' names.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { issueCertificate, makeAuthority } from '../../../tools/local-cluster/pki.ts'
import { makeFolder } from '../folder.ts'

export type Certificates = {
  /** The file with the authority's certificate, for SSL_CERT_FILE and REQUESTS_CA_BUNDLE. */
  authority: string
  cert: Buffer
  key: Buffer
}

/** Makes one certificate for all `names`, e.g. "vault.azure.net". It lasts as long as the tests of the file. */
export async function makeCertificates(names: readonly string[]): Promise<Certificates> {
  const folder = await makeFolder()
  await makeAuthority(folder, 'clouds-of-the-tests')
  const alternatives = names.map((name) => `DNS:${name}`).join()
  const extensions = `subjectAltName=${alternatives}\nextendedKeyUsage=serverAuth`
  await issueCertificate(folder, ['clouds', '/CN=clouds', extensions], folder)
  return {
    authority: join(folder, 'ca.crt'),
    cert: await readFile(join(folder, 'clouds.crt')),
    key: await readFile(join(folder, 'clouds.key')),
  }
}
