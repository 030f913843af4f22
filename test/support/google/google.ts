// Google Cloud at its own names, for clients that know the proxy and trust the tests' authority.
import type { Surroundings } from '../clouds/ask.ts'
import { makeCertificates } from '../clouds/certificates.ts'
import { openProxy } from '../clouds/proxy.ts'
import { type Cloud, hosts, openCloud } from './cloud.ts'
import type { Cluster } from './token-service.ts'

export type Google = Cloud & {
  cluster: Cluster
  /** By which a client reaches it. */
  env: Surroundings
  authority: string
  stop: () => Promise<void>
}

export async function openGoogle(cluster: Cluster): Promise<Google> {
  const certificates = await makeCertificates(hosts)
  const cloud = await openCloud(cluster, certificates)
  const proxy = await openProxy(Object.fromEntries(hosts.map((host) => [host, cloud.port])))
  const { authority } = certificates
  return {
    ...cloud,
    ...{ cluster, authority, env: { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: authority } },
    stop: async () => {
      await cloud.close()
      await proxy.stop()
    },
  }
}
