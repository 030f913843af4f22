// The scratch namespaces of a run: created under a name that nobody has, kept alive by an annotation, and removed at the end. The
// next run of the same owner removes those that nobody keeps alive, for example after kill -9.
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { atPace } from '../../cli/pace.ts'
import { deleteResources } from '../../kube/deletion/delete-resources.ts'
import { kubectl, kubectlJson } from '../../kube/kubectl.ts'
import { listOf, type Resource, resourceSchema } from '../../kube/resources.ts'

/** Its value says who made the namespace, e.g. "preview-of-signing". */
const ownerLabel = 'secure-signing.dev/scratch'
const beatAnnotation = 'secure-signing.dev/scratch-beat'
const beatMs = 10_000
/** Without a beat in this time, the run has ended. No clock of another machine counts. */
const deadMs = 25_000
const patienceMs = 120_000
/** The rest of the 63 characters is for the names of the namespaces beside it. */
const longest = 30
const runLength = 5

type Labels = Readonly<Record<string, string>>

/** Returns a new name, e.g. "signing-preview-x3k9q". */
export function nameScratch(namespace: string, purpose: string): string {
  const run = Array.from({ length: runLength }, () => randomInt(36).toString(36)).join('')
  return `${prefixOf(namespace, purpose)}-${run}`
}

export function prefixOf(namespace: string, purpose: string): string {
  return `${namespace.slice(0, longest)}-${purpose}`
}

/** Creates the namespace. Returns a function that ends its beats. */
export async function createScratch(
  name: string,
  owner: string,
  labels: Labels = {},
): Promise<() => void> {
  await create(name, { ...labels, [ownerLabel]: owner }, { [beatAnnotation]: '0' })
  let beat = 0
  const timer = setInterval(() => {
    beat += 1
    const value = `${beatAnnotation}=${beat}`
    // The next one follows.
    kubectl(['annotate', 'namespace', name, '--overwrite', value]).catch(() => {})
  }, atPace(beatMs))
  timer.unref()
  return () => clearInterval(timer)
}

/** Creates a namespace that is removed with the scratch namespace `of`. Returns its name. */
export async function createBeside(of: string, suffix: string, labels: Labels): Promise<string> {
  const name = `${of}-${suffix}`
  await create(name, labels)
  return name
}

/** Removes the scratch namespace, and all whose names begin with its name and a hyphen. */
export async function removeScratch(name: string): Promise<void> {
  const all = await list([])
  await remove(
    all.filter(({ metadata }) => metadata.name === name || metadata.name.startsWith(`${name}-`)),
  )
}

/**
 * Removes what earlier runs of `owner` have left. Returns the names. `prefix`: what their names begin with, before the part that is
 * random.
 */
export async function removeAbandoned(owner: string, prefix: string): Promise<string[]> {
  const read = () => list(['-l', `${ownerLabel}=${owner}`])
  const before = await read()
  if (before.length > 0) await sleep(atPace(deadMs))
  const beats = new Map(before.map((each) => [each.metadata.name, beatOf(each)]))
  const dead = (await read()).filter((each) => beats.get(each.metadata.name) === beatOf(each))
  const names = [...dead.map(({ metadata }) => metadata.name), ...(await listOrphans(prefix))]
  for (const name of names) await removeScratch(name)
  return names
}

/** Those beside a scratch namespace that is gone. A run that was interrupted may have created one last. */
async function listOrphans(prefix: string): Promise<string[]> {
  const names = (await list([])).map(({ metadata }) => metadata.name)
  const form = new RegExp(
    `^(${RegExp.escape(prefix)}-[a-z0-9]{${runLength}})-(gateway|matrix-other|matrix-non-mesh)$`,
  )
  return names.filter((name) => {
    const root = form.exec(name)?.[1]
    return root !== undefined && !names.includes(root)
  })
}

function beatOf({ metadata }: Resource): string {
  return metadata.annotations?.[beatAnnotation] ?? ''
}

/** Not `apply`: a name that somebody else has must fail. */
async function create(name: string, labels: Labels, annotations: Labels = {}): Promise<void> {
  const metadata = { name, labels, annotations }
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata })
  await kubectl(['create', '-f', '-'], { input })
}

function list(options: readonly string[]): Promise<Resource[]> {
  return kubectlJson(listOf(resourceSchema), ['get', 'namespaces', ...options, '-o', 'json'])
}

async function remove(namespaces: readonly Resource[]): Promise<void> {
  // Nobody waits for the last requests of these Pods.
  const now = ['--grace-period=1', '--wait=false', '--ignore-not-found']
  await Promise.all(
    namespaces.map(({ metadata: { name } }) =>
      kubectl(['delete', 'pods', '--all', '-n', name, ...now]),
    ),
  )
  const named = namespaces.map(({ apiVersion, kind, metadata: { name } }) => ({
    ...{ apiVersion, kind, metadata: { name } },
  }))
  await deleteResources(named, { again: 'make preview', patienceMs })
}
