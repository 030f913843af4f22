// The values of a deployment in what is shipped: its identities, its issuer, its port and its names. Several resources have the trust
// domain and the issuer, so what most of them have is right.
import type { Resource } from '../../kube/resources.ts'
import { listAccounts } from '../model/application.ts'
import type { Scope } from './scope.ts'

export type Values = {
  trustDomain: string
  issuer: string
  /** The ServiceAccount of the application. */
  account: string
}

const identity = /^(spiffe:\/\/)?cluster\.local\/ns\/signing\/sa\/(.+)$/
const token =
  /^https:\/\/kubernetes\.default\.svc\.cluster\.local(\/system:serviceaccount:signing:(.+))?$/
const ofMesh = /\.istio\.io\//

export function readValues({ namespace, resources, application }: Scope): Values {
  const texts = resources
    .filter(({ apiVersion }) => ofMesh.test(apiVersion))
    .flatMap(({ spec }) => listTexts(spec))
  const ofNamespace = new RegExp(`^(?:spiffe://)?([A-Za-z0-9.-]+)/ns/${namespace}/sa/`)
  const ofTokens = /^(https?:\/\/.+)\/system:serviceaccount:/
  return {
    trustDomain: findMostFrequent(texts, ofNamespace) ?? 'cluster.local',
    issuer: findMostFrequent(texts, ofTokens) ?? 'https://kubernetes.default.svc.cluster.local',
    account: listAccounts(resources, application).frontend,
  }
}

/** Replaces the values of the files. Names that are only those of the layout separate-pods stay. */
export function fillInValues(
  resource: Resource,
  { namespace, application, pod }: Scope,
  { trustDomain, issuer, account }: Values,
): Resource {
  const { isOurs, port, service, container } = application
  const accountOf = (name: string) => (name === 'secure-signing' ? account : name)
  const names: Readonly<Record<string, string>> = isOurs
    ? {}
    : {
        ...{ '127.0.0.1:8080': `127.0.0.1:${port}`, '8080': String(port) },
        ...{ frontend: resource.kind === 'HorizontalPodAutoscaler' ? container : service },
      }
  const replace = (text: string) => {
    const [, scheme = '', name] = identity.exec(text) ?? []
    if (name !== undefined) return `${scheme}${trustDomain}/ns/${namespace}/sa/${accountOf(name)}`
    const [all, subject, caller = ''] = token.exec(text) ?? []
    if (all === undefined) return names[text] ?? text
    return subject === undefined
      ? issuer
      : `${issuer}/system:serviceaccount:${namespace}:${accountOf(caller)}`
  }
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return replace(value)
    if (value === 8080 && !isOurs) return port
    if (Array.isArray(value)) return value.map(fill)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner)]))
  }
  const { apiVersion, kind, metadata, ...rest } = resource
  const filled = { apiVersion, kind, metadata, ...Object(fill(rest)) }
  return kind === 'HorizontalPodAutoscaler' && !isOurs && pod !== undefined
    ? { ...filled, spec: { ...filled.spec, scaleTargetRef: targetOf(pod) } }
    : filled
}

function targetOf({ apiVersion, kind, metadata }: Resource) {
  return { apiVersion, kind, name: metadata.name }
}

function listTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(listTexts)
}

function findMostFrequent(texts: readonly string[], pattern: RegExp): string | undefined {
  const counts = new Map<string, number>()
  for (const text of texts) {
    const [, found] = pattern.exec(text) ?? []
    if (found !== undefined) counts.set(found, (counts.get(found) ?? 0) + 1)
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0]
}
