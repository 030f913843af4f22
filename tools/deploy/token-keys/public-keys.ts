// Finds out whether the issuer of ServiceAccount tokens publishes its keys, so that istiod can fetch them.
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { z } from 'zod'
import { explainFetchError } from '../../cli/fetch-error.ts'
import { atPace } from '../../cli/pace.ts'
import { describeKeys, listMissing, parseKeySet } from '../../kube/key-set.ts'
import type { TokenIssuer } from '../../kube/token-issuer.ts'

const timeoutMs = 5_000
const discovery = z.object({ issuer: z.string(), jwks_uri: z.string() })

/** `because` says why nobody outside the cluster can fetch the keys. */
export type PublicKeys = { uri: string } | { because: string }

/** Returns the body. Rejects if there is none. */
export type Fetch = (url: string) => Promise<string>

/** Finds the URL of the keys. It must be https, with a certificate that this system trusts, and have all keys of the API server. */
export async function findPublicKeys(
  { issuer, keys }: TokenIssuer,
  fetchText: Fetch = fetchOverHttps,
): Promise<PublicKeys> {
  if (URL.parse(issuer)?.protocol !== 'https:')
    return { because: `the issuer ${issuer} is no https URL` }
  if (isNameOfCluster(issuer)) return { because: `the issuer ${issuer} is a name of the cluster` }
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  try {
    const found = discovery.safeParse(JSON.parse(await fetchText(url)))
    if (!found.success) return { because: `${url} is not a discovery document` }
    if (found.data.issuer !== issuer)
      return { because: `${url} names the issuer ${found.data.issuer}` }
    const uri = found.data.jwks_uri
    if (URL.parse(uri)?.protocol !== 'https:')
      return { because: `${url} names ${uri}, which is no https URL` }
    const missing = listMissing(parseKeySet(keys), parseKeySet(await fetchText(uri)))
    if (missing.length === 0) return { uri }
    return { because: `${uri} lacks ${describeKeys(missing)}, a key of the API server` }
  } catch (error) {
    return {
      because: `this machine cannot fetch the keys of ${issuer}: ${explainFetchError(error)}`,
    }
  }
}

/** True for names that only the cluster's DNS knows. */
function isNameOfCluster(issuer: string): boolean {
  const { hostname } = new URL(issuer)
  return !hostname.includes('.') || /\.svc(\.|$)|\.cluster\.local$/.test(hostname)
}

async function fetchOverHttps(url: string): Promise<string> {
  // By default Node.js trusts only the certificates that it brings along.
  setDefaultCACertificates([...getCACertificates('default'), ...getCACertificates('system')])
  const signal = AbortSignal.timeout(atPace(timeoutMs))
  const response = await fetch(url, { signal, redirect: 'error' })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  return response.text()
}
