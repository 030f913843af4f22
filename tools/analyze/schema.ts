// The API server's judgement of each resource: schema, validation, admission and Istio's webhook. Nothing is changed.
import { tryRun } from '../cli/exec.ts'
import { changesPolicies, isRefusedOnlyByOurPolicies } from '../deploy/preflight/admission.ts'
import { kubectl } from '../kube/kubectl.ts'
import { namespace } from '../kube/names.ts'
import type { Resource } from '../kube/resources.ts'
import type { Path } from './finding.ts'
import type { Judgement } from './rule.ts'

const timeoutMs = 60_000
/**
 * `create` and not `apply`: what is on the cluster does not matter, and every unknown field is named. A server-side
 * apply stops at the first one of an object.
 */
const create = ['create', '--dry-run=server', '--validate=strict', '-o', 'name', '-f', '-']
/** Said after everything else was found to be right. */
const alreadyThere = /^Error from server \(AlreadyExists\)/
/** What kubectl and the API server put before what is wrong. */
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

/** The namespaces among those of `resources` that the cluster does not have. */
export async function listMissingNamespaces(resources: readonly Resource[]): Promise<string[]> {
  const listing = await kubectl(['get', 'namespaces', '-o', 'name'])
  const known = listing.split('\n').map((name) => name.replace('namespace/', ''))
  const wanted = new Set(resources.map(({ metadata }) => metadata.namespace ?? namespace))
  return [...wanted].filter((name) => !known.includes(name))
}

/**
 * Has the API server judge each resource on its own, so that one does not hide another. It does not judge a resource
 * of a namespace that is not there: those of `missing` are asked about as if they were in "default".
 */
export async function findSchemaErrors(
  resources: readonly Resource[],
  missing: readonly string[],
): Promise<Judgement[]> {
  const found: Judgement[] = []
  // The admission policies that are there judge what is there; these come with their own.
  const haveOthers = await changesPolicies(resources)
  // One after the other: the API server may be a small one, and others use it.
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
    found.push(...parseComplaints(stderr).map((each) => ({ ...each, resource, rule: 'schema' })))
  }
  return found
}

/** Takes kubectl's words apart: one entry for each field that is complained about, or one for all of it. */
export function parseComplaints(said: string): { path: Path; message: string }[] {
  const lines = said
    .split('\n')
    .map((line) => preambles.reduce((rest, each) => rest.replace(each, ''), `${line.trim()} `))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !noise.test(line))
  const complaints = lines.flatMap((line) => {
    const [, given, typed, type] = wrongType.exec(line) ?? []
    const [, field, message] = fieldLine.exec(line) ?? []
    return [
      ...[...line.matchAll(unknownField)].map(([, name = '']) => ({
        name,
        message: 'unknown field',
      })),
      ...(typed === undefined
        ? []
        : [{ name: typed, message: `a ${given} where ${type} belongs` }]),
      ...(field === undefined ? [] : [{ name: field, message }]),
    ]
  })
  if (complaints.length === 0) return [{ path: [], message: lines.join(' ') }]
  return complaints.map(({ name, message }) => ({
    path: parseField(name),
    message: `${name}: ${message}`,
  }))
}

/** `spec.ports[0].name` → the path to it; a key in brackets is one with dots in it. */
function parseField(field: string): Path {
  return [...field.matchAll(/([^.[\]]+)|\[(\d+)\]|\[([^\]]+)\]/g)].map(([, key, index, quoted]) =>
    index === undefined ? (key ?? quoted ?? '') : Number(index),
  )
}
