// Has the API server check each resource by a dry run: schema, validation, admission and Istio's webhook.
import { tryRun } from '../cli/exec.ts'
import { describeNeeded, isOfExternalSecrets } from '../deploy/keys/external-secrets-kinds.ts'
import { changesPolicies, isRefusedOnlyByOurPolicies } from '../deploy/preflight/admission.ts'
import { pluralize } from '../deploy/preflight/permissions.ts'
import { kubectl } from '../kube/kubectl.ts'
import { namespace } from '../kube/names.ts'
import { describeResource, formatResources, type Resource } from '../kube/resources.ts'
import type { Path } from './finding.ts'
import type { RuleFinding } from './rule.ts'

const timeoutMs = 60_000
/**
 * `create` ignores what is on the cluster and names every unknown field of an object. A server-side `apply` stops at the
 * first unknown field.
 */
const create = ['create', '--dry-run=server', '--validate=strict', '-o', 'name', '-f', '-']
/** The API server reports this only if everything else is valid. */
const alreadyThere = /^Error from server \(AlreadyExists\)/
/** What kubectl and the API server write before the message itself. */
const preambles = [
  /^Error from server( \(\w+\))?: /,
  /^error when creating "STDIN": /,
  /^.* cannot be handled as an? \w+: /,
  /^strict decoding error: /,
  /^(The )?\S+ "[^"]*" is invalid: /,
  /^error: /,
]
const noise = /some validation rules were not checked|^ensure CRDs/
/** One line about one field: `* spec.x: …`, or with the field quoted after `<nil>: Invalid value: "":`. */
const fieldLine =
  /^(?:\* )?(?:<nil>: [^:]*: (?:""|null): )?"?((?:spec|metadata|data)[^\s:"]*)"?:? (.*)/
/** A field or a kind that a version before may not have. */
const isUnknown = /: unknown field$|no matches for kind/
const unknownField = /unknown field "([^"]+)"/g
const wrongType = /cannot unmarshal (\w+) into Go struct field \w+\.(\S+) of type (\S+)/

/** Returns the namespaces of `resources` that the cluster does not have. */
export async function listMissingNamespaces(resources: readonly Resource[]): Promise<string[]> {
  const listing = await kubectl(['get', 'namespaces', '-o', 'name'])
  const known = listing.split('\n').map((name) => name.replace('namespace/', ''))
  const wanted = new Set(resources.map(({ metadata }) => metadata.namespace ?? namespace))
  return [...wanted].filter((name) => !known.includes(name))
}

/**
 * Has the API server check each resource on its own, so that one error does not hide another. The API server refuses a
 * resource of a missing namespace, so resources of the namespaces in `missing` are checked in "default".
 */
export async function findSchemaErrors(
  resources: readonly Resource[],
  missing: readonly string[],
): Promise<RuleFinding[]> {
  const found: RuleFinding[] = []
  // The policies on the cluster fit the resources on the cluster. These resources bring their own policies.
  const haveOthers = await changesPolicies(resources)
  const moved = resources.map((resource) => {
    const wanted = resource.metadata.namespace ?? namespace
    const scope = missing.includes(wanted) ? 'default' : wanted
    const metadata = { ...resource.metadata, namespace: resource.metadata.namespace && scope }
    return { resource, scope, sent: { ...resource, metadata } }
  })
  for (const [scope, group] of Map.groupBy(moved, (each) => each.scope)) {
    const accepted = await listAccepted(
      group.map(({ sent }) => sent),
      scope,
    )
    // One at a time, because the API server may be small and others use it.
    for (const { resource, sent } of group) {
      if (accepted.has(sent)) continue
      const { code, stderr } = await sendDryRun([sent], scope)
      if (code === 0 || alreadyThere.test(stderr)) continue
      if (haveOthers && isRefusedOnlyByOurPolicies(stderr)) continue
      const hint = isOfExternalSecrets(resource) ? `. ${describeNeeded(resources)}` : ''
      found.push(
        ...parseErrors(stderr).map(({ path, message }) => ({
          ...{ path, resource, rule: 'schema' },
          message: isUnknown.test(message) ? `${message}${hint}` : message,
        })),
      )
    }
  }
  return found
}

function sendDryRun(resources: readonly Resource[], scope: string) {
  const input = formatResources(resources)
  return tryRun('kubectl', [...create, '--namespace', scope], { input, timeoutMs })
}

/** Returns the valid resources, with a single kubectl. It may leave out some of them. */
async function listAccepted(
  resources: readonly Resource[],
  scope: string,
): Promise<ReadonlySet<Resource>> {
  const { stdout, stderr } = await sendDryRun(resources, scope)
  const existing = [...stderr.matchAll(/ (\S+) "([^"]+)" already exists$/gm)]
  const names = [...stdout.split('\n'), ...existing.map(([, kind, name]) => `${kind}/${name}`)]
  const isAccepted = ({ apiVersion, kind, metadata }: Resource) => {
    const group = apiVersion.includes('/') ? `.${apiVersion.replace(/\/.*/, '')}` : ''
    return [kind.toLowerCase(), pluralize(kind)].some((each) =>
      names.includes(`${each}${group}/${metadata.name}`),
    )
  }
  // Of two with one name, one may be invalid.
  const isAlone = (each: Resource) =>
    resources.filter((other) => describeResource(other) === describeResource(each)).length === 1
  return new Set(resources.filter((each) => isAlone(each) && isAccepted(each)))
}

/** Parses kubectl's output: one entry for each field with an error, or one entry for all of it. */
export function parseErrors(output: string): { path: Path; message: string }[] {
  const lines = output
    .split('\n')
    .map((line) => preambles.reduce((rest, each) => rest.replace(each, ''), `${line.trim()} `))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !noise.test(line))
  const errors = lines.flatMap((line) => {
    const [, given, typed, type] = wrongType.exec(line) ?? []
    const [, field, message] = fieldLine.exec(line) ?? []
    return [
      ...[...line.matchAll(unknownField)].map(([, name = '']) => ({
        name,
        message: 'unknown field',
      })),
      ...(typed === undefined
        ? []
        : [{ name: typed, message: `found ${given}, expected ${type}` }]),
      ...(field === undefined ? [] : [{ name: field, message }]),
    ]
  })
  if (errors.length === 0) return [{ path: [], message: lines.join(' ') }]
  return errors.map(({ name, message }) => ({
    path: parseField(name),
    message: `${name}: ${message}`,
  }))
}

/** Parses e.g. `spec.ports[0].name` into a path. A key with dots stands in brackets. */
function parseField(field: string): Path {
  return [...field.matchAll(/([^.[\]]+)|\[(\d+)\]|\[([^\]]+)\]/g)].map(([, key, index, quoted]) =>
    index === undefined ? (key ?? quoted ?? '') : Number(index),
  )
}
