// Explains a difference from what this version ships: where it is, both values, what it opens, and what to do.
import packageJson from '../../../package.json' with { type: 'json' }
import { describeResource, type Resource } from '../../kube/resources.ts'
import { type Finding, formatPath, valueAt } from '../finding.ts'
import type { Difference } from './difference.ts'
import type { Shipped } from './kustomize.ts'
import { unplacedEffect } from './unplaced.ts'

const todo = 'Run `make deploy` of this version, or remove the edit'
/** More differences than these are those of another version. */
const manyParts = 5
/** The text around the first difference of two texts. */
const around = 24
const shownLength = 100

/** What a difference opens, by kind, name, path and the value that was found. The first that fits counts. */
const effects: readonly (readonly [pattern: RegExp, effect: string])[] = [
  [/ metadata\.namespace:/, unplacedEffect],
  [/ metadata\.annotations\[istio\.io\/dry-run/, 'Istio only logs what the policy decides.'],
  [/^Namespace\/\S+ .*pod-security/, 'The API server may accept Pods with more rights.'],
  [/^Namespace\/\S+ .*(istio|linkerd)/, 'The Pods may get no proxy.'],
  [/^ServiceAccount/, 'Its Pods may get a token for the API server or for a cloud.'],
  [
    / metadata\.(ownerReferences|annotations)/,
    'Nothing applies the resource, or something removes it again.',
  ],
  [/ spec\.failurePolicy/, 'With Ignore, an expression that fails lets the request through.'],
  [
    / of releasedImage:/,
    'It has to be the image of the Pod. The kustomization that sets the image must list released-image under transformers.',
  ],
  [
    /^ValidatingA\w+Policy\/\S+ spec\.(matchC|paramKind)/,
    'The API server may not ask this policy.',
  ],
  [
    /^ValidatingA\w+Policy\/\S+ spec\.(validations|variables)/,
    'The policy may accept what it has to reject.',
  ],
  [
    /PolicyBinding\/\S+ spec\.validationActions: found (?!.*Deny)/,
    'Without Deny, the API server accepts what the policy rejects.',
  ],
  [
    /PolicyBinding\/\S+ spec\.validationActions/,
    'The audit log of the API server no longer marks what the policy rejects.',
  ],
  [/PolicyBinding\/\S+ spec/, 'The API server may not apply the policy in this namespace.'],
  [
    /^ConfigMap\/\S+ .*admin/,
    'Each container of the Pod can call what this opens at the admin port of Envoy.',
  ],
  [
    /^ConfigMap\/(seccomp|apparmor)/,
    'The profile decides which system calls and files a container may use.',
  ],
  [/^ConfigMap/, 'A container starts with this text.'],
  [
    / spec\.(selector|workloadSelector|podSelector|targetRef)/,
    'It may no longer apply to the Pods, or apply to others.',
  ],
  [
    /^PeerAuthentication/,
    'Only STRICT refuses plain text, which has no identity. So everyone could pass as anyone.',
  ],
  [
    /^AuthorizationPolicy\/signer-deny-others/,
    'What somebody else allows at the signer may no longer be refused.',
  ],
  [/^AuthorizationPolicy\/signer-allow-nothing/, 'Requests that no policy names may pass.'],
  [
    /^AuthorizationPolicy\/\S+ .*(equestPrincipals|when)/,
    'A request without the caller token may pass.',
  ],
  [/^AuthorizationPolicy\/\S+ .*rincipals/, 'Another identity may send these requests.'],
  [/^AuthorizationPolicy\/\S+ spec\.rules/, 'Other requests may pass, or none.'],
  [
    /^RequestAuthentication/,
    'Tokens of another issuer, for another audience or from another place may pass as caller tokens.',
  ],
  [
    /^Sidecar\/\S+ spec\.outboundTrafficPolicy/,
    'The Pod may call addresses that no Sidecar imports.',
  ],
  [/^Sidecar\/\S+ spec\.egress/, 'The Pod may call other hosts, or not its signer.'],
  [/^Sidecar\/\S+ spec\.ingress/, 'A port of the proxy leads somewhere else, or is open.'],
  [
    /^(Gateway|VirtualService|HTTPRoute)/,
    'Public clients may reach other paths or ports, or nothing.',
  ],
  [/^(DestinationRule|ServiceEntry)/, 'Calls may go elsewhere, or without mutual TLS.'],
  [/^NetworkPolicy/, 'Other Pods may connect, or the Pods may connect elsewhere.'],
  [/^Service/, 'Requests may reach other Pods or ports.'],
  [/^Role/, 'Its holders get other rights.'],
  [/^(SecretStore|ExternalSecret)/, 'Somebody else may read or replace the key.'],
  [/^DaemonSet/, 'Its Pod runs as root on the nodes.'],
]

/** `others`: the other exact resources, whose version tells why one is missing. */
export function explainMissing(
  { resource, purpose }: Shipped,
  others: readonly Resource[],
): Finding {
  const versions = new Set(others.flatMap((each) => versionOf(each) ?? []))
  const other = [...versions].find((each) => each !== packageJson.version)
  const note = other === undefined ? [] : [`The others are of version ${other}.`]
  const effect = purpose === '' ? 'Without it, the API server applies the policy nowhere.' : purpose
  const advice = 'Run `make deploy` of this version, or add it again'
  return {
    group: resource.apiVersion.replace(/\/?[^/]*$/, ''),
    path: [],
    message: [`${describeResource(resource)} is missing.`, ...note, effect, advice].join(' '),
  }
}

export function explainDifferences(
  resource: Resource,
  differences: readonly Difference[],
): Finding[] {
  const [first] = differences
  if (first === undefined) return []
  const name = describeResource(resource)
  const at = ({ path }: Difference, message: string) => ({ resource, path, message })
  const count = `${differences.length} parts differ, the first is ${describe(resource, first)}`
  const version = versionOf(resource)
  if (version !== undefined && version !== packageJson.version) {
    const advice = `Use \`make analyze\` of version ${version}, or run \`make deploy\` of this version`
    const known = `is of version ${version}, and this is ${packageJson.version}`
    return [at(first, `${name} ${known}: ${count} ${advice}`)]
  }
  if (differences.length > manyParts) return [at(first, `${name}: ${count} ${todo}`)]
  return differences.map((each) => at(each, `${name} ${describe(resource, each)} ${todo}`))
}

function describe(resource: Resource, difference: Difference): string {
  const { path } = difference
  const [one, other] = show(difference.shipped, difference.found)
  // Of a variable, its name tells more than its place.
  const name =
    path[1] === 'variables' ? valueAt(resource, [...path.slice(0, 3), 'name']) : undefined
  const place = `${formatPath(path)}${typeof name === 'string' ? ` of ${name}` : ''}`
  const wanted = difference.wanted === undefined ? `shipped ${one}` : `not ${difference.wanted}`
  const effect = describeEffect(resource, place, other)
  return [`${place}: found ${other}, ${wanted}.`, ...(effect ? [effect] : [])].join(' ')
}

/** Returns what the value `found` at `place` opens. */
export function describeEffect(
  resource: Resource,
  place: string,
  found: string | undefined,
): string | undefined {
  const text = `${describeResource(resource)} ${place}: found ${found}`
  return effects.find(([pattern]) => pattern.test(text))?.[1]
}

/** Of two texts, shows the part that differs. */
function show(...values: readonly [unknown, unknown]): string[] {
  const [one, other] = values
  if (typeof one !== 'string' || typeof other !== 'string') {
    return values.map((each) => {
      if (typeof each === 'string') return `"${cut(each)}"`
      return each === undefined ? 'nothing' : cut(JSON.stringify(each).replaceAll('"', ''))
    })
  }
  const isEqual = (index: number) => one[index] === other[index] && index < one.length
  let start = 0
  while (isEqual(start)) start += 1
  return [one, other].map((text) => {
    const from = start <= around ? 0 : start - around
    return `"${from > 0 ? '…' : ''}${cut(text.slice(from))}"`
  })
}

function cut(text: string): string {
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text
}

function versionOf(resource: Resource): string | undefined {
  const version = valueAt(resource, ['metadata', 'labels', 'app.kubernetes.io/version'])
  return typeof version === 'string' ? version : undefined
}
