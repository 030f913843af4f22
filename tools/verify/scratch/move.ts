// Moves resources of an application to a scratch namespace: names of the namespace, principals, hosts, selectors and references.
// Lists each text that it changes, because a rewritten principal can hide what a change does.
import { formatPath, type Path } from '../../analyze/finding.ts'
import { describeResource, type Resource } from '../../kube/resources.ts'

export type Move = {
  /** The namespaces. */
  from: string
  to: string
  /** Identities without a scheme that others have there, e.g. the gateway's, and what stands in for each. */
  identities?: Readonly<Record<string, string>>
}

/** `to`: undefined if the text stays, although it may be an identity. */
export type Rewrite = { resource: string; path: string; from: string; to: string | undefined }

/** Texts that are a namespace as a whole. A key with a dot is a label. */
const namespaceKeys = ['namespace', 'kubernetes.io/metadata.name']
const namespaceLists = ['namespaces', 'notNamespaces', 'exportTo']
const identityLists =
  /^(not)?(request)?principals$|^(service|notService)Accounts$|^subjectAltNames$/i
const hostKeys = ['host', 'hosts', 'address', 'sniHosts']

/** Returns copies. Resources of other namespaces, and those without a namespace, stay as they are. */
export function moveResources(
  resources: readonly Resource[],
  move: Move,
): { resources: Resource[]; rewrites: Rewrite[] } {
  const rewrites: Rewrite[] = []
  const moved = resources.map((each) => {
    if (each.metadata.namespace !== move.from) return each
    const resource = describeResource(each)
    const visit = (value: unknown, path: Path): unknown => {
      if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]))
      if (typeof value === 'object' && value !== null) {
        return Object.fromEntries(
          Object.entries(value).map(([key, inner]) => [key, visit(inner, [...path, key])]),
        )
      }
      if (typeof value !== 'string') return value
      const to = moveText(value, path, move)
      if (to !== value || isIdentity(value, path)) {
        // Each resource moves, so its own namespace tells nothing.
        if (path.join('.') !== 'metadata.namespace') {
          const change = to === value ? undefined : to
          rewrites.push({ resource, path: formatPath(path), from: value, to: change })
        }
      }
      return to
    }
    return visit(each, []) as Resource
  })
  return { resources: moved, rewrites }
}

function moveText(text: string, path: Path, { from, to, identities = {} }: Move): string {
  const key = keyOf(path)
  if (text === from && (namespaceKeys.includes(key) || namespaceLists.includes(key))) return to
  const [, scheme = '', identity = text] = /^(spiffe:\/\/)?(.*)$/s.exec(text) ?? []
  const standIn = identities[identity]
  if (standIn !== undefined) return `${scheme}${standIn}`
  const name = RegExp.escape(from)
  const moved = text
    .replaceAll(new RegExp(`(/ns/)${name}(?=/|$)`, 'g'), `$1${to}`)
    .replaceAll(new RegExp(`(system:serviceaccount:)${name}(?=:)`, 'g'), `$1${to}`)
    .replaceAll(new RegExp(`(system:serviceaccounts:)${name}(?![a-z0-9-])`, 'g'), `$1${to}`)
    .replaceAll(new RegExp(`(\\.)${name}(?=\\.svc(?![a-z0-9-]))`, 'g'), `$1${to}`)
  if (moved !== text) return moved
  if (/accounts$/i.test(key) || hostKeys.includes(key) || key === 'gateways') {
    return text
      .replace(new RegExp(`^${name}/`), `${to}/`)
      .replace(new RegExp(`^(\\*|[a-z0-9-]+)\\.${name}$`), `$1.${to}`)
  }
  return text
}

function isIdentity(text: string, path: Path): boolean {
  return identityLists.test(keyOf(path)) || /(^|\/)ns\/|system:serviceaccount/.test(text)
}

/** The last key of a path, without the places in a list. */
function keyOf(path: Path): string {
  return String(path.findLast((part) => typeof part === 'string') ?? '')
}
