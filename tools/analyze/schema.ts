// Has the API server check each resource by a dry run: schema, validation, admission and Istio's webhook.
import { tryRun } from '../cli/exec.ts'
import { changesPolicies, isRefusedOnlyByOurPolicies } from '../deploy/preflight/admission.ts'
import { kubectl } from '../kube/kubectl.ts'
import { namespace } from '../kube/names.ts'
import type { Resource } from '../kube/resources.ts'
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
  // One at a time, because the API server may be small and others use it.
  for (const resource of resources) {
    const wanted = resource.metadata.namespace ?? namespace
    const scope = missing.includes(wanted) ? 'default' : wanted
    const metadata = { ...resource.metadata, namespace: resource.metadata.namespace && scope }
    const input = JSON.stringify({ ...resource, metadata })
    const { code, stderr } = await tryRun('kubectl', [...create, '--namespace', scope], {
      input,
      timeoutMs,
    })
    if (code === 0 || alreadyThere.test(stderr)) continue
    if (haveOthers && isRefusedOnlyByOurPolicies(stderr)) continue
    found.push(...parseErrors(stderr).map((each) => ({ ...each, resource, rule: 'schema' })))
  }
  return found
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
