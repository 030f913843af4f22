// Reads our resources as they are on the cluster, and has the API server say without writing what they would be: as new resources,
// which shows its defaults, and after `make deploy`.
import { tryRun } from '../../../cli/exec.ts'
import { readExisting } from '../../../kube/existing-resources.ts'
import type { OwnedResource } from '../../../kube/field-owners.ts'
import { fieldManager } from '../../../kube/names.ts'
import { listOf, type Resource, resourceKey, resourceSchema } from '../../../kube/resources.ts'

/** By resourceKey. `problem`: what the API server says about those that it refuses. */
export type DriftInput = {
  live: ReadonlyMap<string, OwnedResource>
  created: ReadonlyMap<string, Resource>
  applied: ReadonlyMap<string, Resource>
  problem: string
}

const timeoutMs = 60_000
/** A new resource needs a name that no resource has. */
const suffix = '-as-applied'
const common = ['--dry-run=server', '--validate=ignore', `--field-manager=${fieldManager}`]
const output = ['-o', 'json', '-f', '-']
const answer = listOf(resourceSchema)

export async function readDrift(resources: readonly Resource[]): Promise<DriftInput> {
  const found = await readExisting(resources)
  const live = new Map(found.map((each) => [resourceKey(each), each]))
  const existing = resources.filter((each) => live.has(resourceKey(each)))
  const renamed = existing.map((each) => rename(each, (name) => `${name}${suffix}`))
  const apply = ['apply', '--server-side', '--force-conflicts', ...common, ...output]
  const [created, applied] = await Promise.all([
    send(['create', ...common, ...output], renamed),
    send(apply, existing),
  ])
  const byKey = (list: readonly Resource[]) =>
    new Map(list.map((each) => [resourceKey(each), each]))
  const named = created.resources.map((each) =>
    rename(each, (name) => name.slice(0, -suffix.length)),
  )
  return {
    live,
    created: byKey(named),
    applied: byKey(applied.resources),
    problem: created.problem,
  }
}

/** Sends them all with one kubectl, which goes on after a refusal. */
async function send(
  args: readonly string[],
  resources: readonly Resource[],
): Promise<{ resources: Resource[]; problem: string }> {
  if (resources.length === 0) return { resources: [], problem: '' }
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: resources })
  const { stdout, stderr } = await tryRun('kubectl', args, { input, timeoutMs })
  // kubectl prints one JSON after the other, each with a last line "}".
  const texts = stdout.split(/(?<=^\})\n/m).filter((text) => text.trim() !== '')
  return {
    resources: texts.flatMap((text) => answer.parse(JSON.parse(text))),
    problem: stderr.trim(),
  }
}

function rename(resource: Resource, change: (name: string) => string): Resource {
  const { metadata } = resource
  return { ...resource, metadata: { ...metadata, name: change(metadata.name) } }
}
