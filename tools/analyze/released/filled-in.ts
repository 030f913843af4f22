// Fills in what each deployment fills in itself: images, the application container, and the values of a key manager. Each has to fit
// the Pod, or to have the form that it must have.
import { policyPrefixOf } from '../../kube/names.ts'
import type { Resource } from '../../kube/resources.ts'
import { valueAt } from '../finding.ts'
import { agentName } from '../model/pod.ts'
import type { Scope } from './scope.ts'

/** Returns the value that is right, where `found` is what the resource has. */
type Fill = (shipped: string, found: string, scope: Scope) => string
type Named = { name?: unknown; expression?: unknown }

const literal = /^'([^'\\\n]*)'$/
const account = /^system:serviceaccount:([a-z0-9-]+):[a-z0-9.-]+$/

/** CEL expressions of variables, by the policy without its prefix. */
const variables: Readonly<Record<string, Readonly<Record<string, Fill>>>> = {
  'signer-runs-as-released': {
    // The policy drops tag and digest.
    releasedImage: (shipped, found, scope) => {
      const image = imageOf('signer', shipped, found, scope)
      const repository = repositoryOf(found)
      return repository !== undefined && repository === repositoryOf(image) ? found : image
    },
  },
  'no-way-around-proxy': {
    // With a mesh, the second is the proxy.
    socketHolders: (shipped, found, { containers }) => {
      if (shipped.includes('istio-proxy')) return shipped
      const callers = containers.filter(
        ({ name, volumeMounts }) =>
          name !== 'signer' &&
          Array.isArray(volumeMounts) &&
          volumeMounts.some((each) => valueAt(each, ['name']) === 'signer-socket'),
      )
      const allowed = callers.map(({ name }) => `['signer', '${name}']`)
      return allowed.find((each) => each === found) ?? allowed[0] ?? shipped
    },
  },
  'vault-agent-runs-as-released': {
    releasedImage: (shipped, found, scope) => imageOf(agentName, shipped, found, scope),
  },
  'vault-agent-config-as-released': {
    releasedAgent: (shipped, _, scope) => quoteText('agent.hcl', shipped, scope),
    releasedTemplate: (shipped, _, scope) => quoteText('keys.json.ctmpl', shipped, scope),
    releasedAuthority: (shipped, _, scope) => quoteText('ca.crt', shipped, scope),
  },
  'operator-alone-is-key-reader': {
    // An account of the signer's namespace is open to all who may create a Pod there.
    operator: (shipped, found, { namespace }) => {
      const [, home] = account.exec(readLiteral(found) ?? '') ?? []
      return home === undefined || home === namespace ? shipped : found
    },
  },
}

/** The quotes before each value in a text of the ConfigMap vault-agent. An address has to be of TLS. */
const texts: Readonly<Record<string, readonly number[]>> = {
  'agent.hcl': [1, 3, 7, 9, 15],
  'keys.json.ctmpl': [1, 3],
}
const plainValue = /^[\w./-]*$/
const address = /^https:\/\/[\w.:[\]-]+$/
/** A quote could end the text in the policy, and the rest would be CEL. */
const certificates = /^[^']*$/

/** Fills the values of `found` in, where they are right. */
export function fillIn(shipped: Resource, found: Resource, scope: Scope): Resource {
  const { kind, metadata, spec } = shipped
  if (kind === 'ConfigMap') {
    return { ...shipped, data: fillInTexts(Object(shipped.data), Object(found.data)) }
  }
  const fills = variables[metadata.name.replace(policyPrefixOf(scope.namespace), '')]
  if (fills === undefined || kind !== 'ValidatingAdmissionPolicy') return shipped
  const listed: Named[] = Object(spec).variables
  const others = valueAt(found, ['spec', 'variables'])
  const filled = listed.map(({ name, expression }) => {
    const other = Array.isArray(others) ? others.find((each) => Object(each).name === name) : {}
    const fill = fills[String(name)]
    const right = fill?.(String(expression), String(Object(other).expression), scope)
    return { name, expression: right ?? expression }
  })
  return { ...shipped, spec: { ...Object(spec), variables: filled } }
}

function fillInTexts(shipped: Record<string, string>, found: Record<string, unknown>) {
  return Object.fromEntries(
    Object.entries(shipped).map(([name, text]) => {
      const other = String(found[name])
      if (name === 'ca.crt' && name in found && certificates.test(other)) return [name, other]
      const parts = text.split('"')
      const others = other.split('"')
      for (const index of texts[name] ?? []) {
        const value = others[index] ?? ''
        const isAddress = parts[index]?.includes('://')
        if ((isAddress ? address : plainValue).test(value)) parts[index] = value
      }
      return [name, parts.join('"')]
    }),
  )
}

/** The text of the ConfigMap as a raw string, which the policy compares. */
function quoteText(name: string, shipped: string, { resources }: Scope): string {
  const found = resources.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === agentName,
  )
  const text = valueAt(found, ['data', name])
  return typeof text === 'string' ? `r'''${text}'''` : shipped
}

/** The container's image as CEL. Without the Pod, it is any text. */
function imageOf(container: string, shipped: string, found: string, { pod, containers }: Scope) {
  if (pod === undefined) return readLiteral(found) === undefined ? shipped : found
  const image = containers.find(({ name }) => name === container)?.image
  return typeof image === 'string' ? `'${image}'` : shipped
}

function readLiteral(expression: string): string | undefined {
  return literal.exec(expression)?.[1]
}

/** The name of an image without tag and digest, if the expression is just a text. */
function repositoryOf(expression: string): string | undefined {
  return readLiteral(expression)
    ?.replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
}
