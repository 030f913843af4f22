// Checks that the kinds of External Secrets on the cluster have what a component uses. The schemas count, not a version number.
import { z } from 'zod'
import { tryRun } from '../../cli/exec.ts'
import { say, UserError } from '../../cli/terminal.ts'
import { listUnknownFields, readSchemas } from '../../kube/openapi.ts'
import { describeResource, listOf, type Resource, resourceSchema } from '../../kube/resources.ts'

const group = 'external-secrets.io/'
const apiVersion = `${group}v1`
const page = 'docs/key-managers.md#install'
/** By the provider of the SecretStore: the component, and the first External Secrets whose kinds have all its fields. */
export const components: Readonly<Record<string, readonly [name: string, minimum: string]>> = {
  aws: ['external-secrets-aws', '0.16.1'],
  azurekv: ['external-secrets-azure', '0.20.1'],
  gcpsm: ['external-secrets-gcp', '0.20.2'],
}
const storeSpec = z.object({ provider: z.record(z.string(), z.unknown()) })
const labelled = listOf(resourceSchema)

/** Throws UserError if the cluster lacks a kind or a field that `resources` use. `served`: its API versions. */
export async function checkKinds(
  resources: readonly Resource[],
  served: readonly string[],
): Promise<void> {
  const versions = served.filter((each) => each.startsWith(group))
  const needed = describeNeeded(resources)
  if (versions.length === 0) {
    throw new UserError(
      `External Secrets (${apiVersion}) is not installed on this cluster, and a component needs it for the key`,
      `Install it as ${page} describes, or leave out the component.`,
    )
  }
  const found = versions.includes(apiVersion)
    ? await findMissing(resources)
    : [`the API ${apiVersion}, only ${versions.join(', ')}`]
  if (found.length === 0) return
  throw new UserError(
    `External Secrets${await readVersion()} on this cluster does not have ${found.join(', ')}`,
    `${needed}. Upgrade it with its CRDs, as ${page} describes, or leave out the component.`,
  )
}

/** Returns for example "The component external-secrets-gcp needs External Secrets 0.20.2 or newer". */
export function describeNeeded(resources: readonly Resource[]): string {
  const providers = resources
    .filter(({ kind }) => kind === 'SecretStore')
    .flatMap(({ spec }) => Object.keys(storeSpec.safeParse(spec).data?.provider ?? {}))
  const [component] = providers.flatMap((each) => [components[each]].filter((known) => known))
  if (component === undefined) return 'The component needs a newer External Secrets'
  const [name, minimum] = component
  return `The component ${name} needs External Secrets ${minimum} or newer`
}

export function isOfExternalSecrets(resource: Resource): boolean {
  return resource.apiVersion.startsWith(group)
}

/** Returns for example " 2.9.0". It is empty without the labels of the Helm chart, or for a user who may not read them. */
export async function readVersion(): Promise<string> {
  const select = ['-A', '-l', 'app.kubernetes.io/name=external-secrets']
  const args = ['get', 'deployments', ...select, '-o', 'json']
  const { code, stdout } = await tryRun('kubectl', args, { timeoutMs: 15_000 })
  if (code !== 0) return ''
  const found = labelled.parse(JSON.parse(stdout))
  const versions = found.flatMap(
    ({ metadata }) => metadata.labels?.['app.kubernetes.io/version'] ?? [],
  )
  return [...new Set(versions)].map((each) => ` ${each.replace(/^v/, '')}`).join(',')
}

async function findMissing(resources: readonly Resource[]): Promise<string[]> {
  let schemas: ReadonlyMap<string, unknown>
  try {
    schemas = await readSchemas(apiVersion)
  } catch (error) {
    // The dry run tells too, in the words of the API server.
    const [reason] = String(error).split('\n')
    say(`  note  the fields of External Secrets' kinds are not checked: ${reason}`)
    return []
  }
  return resources.filter(isOfExternalSecrets).flatMap((resource) => {
    const schema = schemas.get(resource.kind)
    if (schema === undefined) return [`the kind ${resource.kind}`]
    const { spec } = Object(Object(schema).properties)
    const fields = listUnknownFields(resource.spec, spec, 'spec')
    return fields.map((field) => `${field} of ${describeResource(resource)}`)
  })
}
